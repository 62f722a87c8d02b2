//! Prepares priming runs, which execute the actions that builds are going to request, without building.

use std::collections::BTreeSet;
use std::sync::Arc;

use spec_scheduler::{Graph, Task};

use crate::build::{check_references, find_artifacts, planned_elements, required_works};
use crate::build_work::BuildWork;
use crate::error::Result;
use crate::job_graph::{BuildPlan, PushedParts, RequiredWork, add};
use crate::run::RunRequest;
use crate::session::Session;
use crate::session_recording;
use crate::shared_caches::{KeptMessages, SharedCaches};
use crate::speculation::{SessionPurpose, Speculation, SpeculationSettings};

/// Decides what a build of `required` would build, and which of their sources must be fetched. The jobs execute what
/// the records predict, until nothing is left that can be predicted without a build. Artifacts that shared caches
/// have are pulled. Elements that run no commands, such as imports, are built, because inputs of recorded actions
/// come from their files.
///
/// # Errors
/// When sources have no reference or a wrong one, when a policy cannot be loaded, or when the store fails.
pub fn prepare_priming_run(
    session: &Arc<Session>,
    required: &[usize],
    settings: &SpeculationSettings,
    caches: &Arc<SharedCaches>,
) -> Result<RunRequest> {
    let states = session.element_states()?;
    let mut works = required_works(session, &states, true)?;
    let messages = KeptMessages::default();
    find_artifacts(session, required, &mut works, settings, caches, &messages)?;
    let planned = planned_elements(&build_graph(session, required, &works), &states);
    let to_build = planned.to_build.clone();
    let speculation = Speculation::start(session, settings, planned, caches, SessionPurpose::Prime)?;
    let takes_part =
        |element: &usize| speculation.as_ref().is_some_and(|speculation| speculation.takes_part(*element));
    let primed: Vec<usize> = to_build.iter().copied().filter(takes_part).collect();
    let graph = priming_graph(session, &to_build, &works, &primed);
    check_references(session, &states, &graph)?;
    session_recording::record_plan(session, "prime", settings, &graph, &states);
    let info = session.info("prime", Some(&states));
    let work = BuildWork::new(session.clone(), &states, true, caches.clone(), speculation.clone());
    let final_messages =
        move || speculation.as_ref().map(|speculation| speculation.finish()).unwrap_or_default();
    let final_messages = Box::new(final_messages);
    Ok(RunRequest {
        first_messages: messages.take(),
        final_messages,
        ..RunRequest::new(session, info, graph, Arc::new(work))
    })
}

/// The jobs of a build of `required`.
fn build_graph(session: &Session, required: &[usize], works: &[RequiredWork]) -> Graph {
    let mut graph = Graph::new();
    plan_without_pushes(session, works.to_vec()).require(required, &mut graph);
    graph
}

fn plan_without_pushes(session: &Session, works: Vec<RequiredWork>) -> BuildPlan {
    let scopes = (0..works.len()).map(|element| session.project.build_scope(element)).collect();
    BuildPlan::new(works, scopes, PushedParts::default())
}

/// The jobs that pull artifacts and build what runs no commands, and then those that prime elements.
fn priming_graph(session: &Session, to_build: &[usize], works: &[RequiredWork], primed: &[usize]) -> Graph {
    let composed = built_without_commands(session, to_build);
    let is_left_out =
        |element: usize| matches!(works[element], RequiredWork::Build { .. }) && !composed.contains(&element);
    let made = |element: usize| if is_left_out(element) { RequiredWork::Nothing } else { works[element] };
    let mut plan = plan_without_pushes(session, (0..works.len()).map(made).collect());
    let mut graph = Graph::new();
    let needed: BTreeSet<usize> =
        primed.iter().flat_map(|element| session.project.build_scope(*element)).collect();
    plan.require(&needed.into_iter().collect::<Vec<_>>(), &mut graph);
    let all_made: Vec<usize> = (0..graph.jobs().len()).collect();
    for &element in primed {
        let mut after = all_made.clone();
        if works[element] == (RequiredWork::Build { fetch: true }) {
            after.push(add(&mut graph, element, Task::Fetch, &[]));
        }
        add(&mut graph, element, Task::Prime, &after);
    }
    graph
}

/// The elements whose building runs no commands and needs no element whose building does.
fn built_without_commands(session: &Session, to_build: &[usize]) -> BTreeSet<usize> {
    let mut composed = BTreeSet::new();
    for &element in to_build {
        let scope = session.project.build_scope(element);
        let is_ready = |below: &usize| to_build.binary_search(below).is_err() || composed.contains(below);
        let plan = session.project.elements[element].configured.plan();
        if !plan.runs_commands() && scope.iter().all(is_ready) {
            composed.insert(element);
        }
    }
    composed
}
