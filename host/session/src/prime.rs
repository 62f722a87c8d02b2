//! Prepares priming runs, which execute the actions that builds are going to request, without building.

use std::collections::BTreeSet;
use std::sync::Arc;

use spec_scheduler::{Graph, Task};

use crate::build::{check_references, elements_to_build, required_works};
use crate::build_work::BuildWork;
use crate::element_state::ElementState;
use crate::error::Result;
use crate::job_graph::{RequiredWork, add, build_graph};
use crate::run::RunRequest;
use crate::session::Session;
use crate::speculation::{SessionPurpose, Speculation, SpeculationSettings};

/// Decides what a build of `required` would build, and which of their sources must be fetched. The jobs execute what
/// the records predict, until nothing is left that can be predicted without a build. Elements that run no commands,
/// such as imports, are built, because inputs of recorded actions come from their files.
///
/// # Errors
/// When sources have no reference or a wrong one, when a policy cannot be loaded, or when the store fails.
pub fn prepare_priming_run(
    session: &Arc<Session>,
    required: &[usize],
    settings: &SpeculationSettings,
) -> Result<RunRequest> {
    let states = session.element_states()?;
    let works = required_works(session, &states, true)?;
    let to_build = elements_to_build(session, required, &works);
    let files = states.iter().map(ElementState::files).collect();
    let speculation = Speculation::start(session, settings, &to_build, files, SessionPurpose::Prime)?;
    let takes_part =
        |element: usize| speculation.as_ref().is_some_and(|speculation| speculation.takes_part(element));
    let graph = priming_graph(session, &to_build, &works, takes_part);
    check_references(session, &states, &graph)?;
    let info = session.info("prime", Some(&states));
    let work = BuildWork::new(session.clone(), &states, true, speculation.clone());
    let final_messages =
        move || speculation.as_ref().map(|speculation| speculation.finish()).unwrap_or_default();
    Ok(RunRequest { info, graph, work: Arc::new(work), final_messages: Box::new(final_messages) })
}

/// The jobs that build elements without commands, followed by those that prime the elements that take part.
fn priming_graph(
    session: &Session,
    to_build: &[usize],
    works: &[RequiredWork],
    takes_part: impl Fn(usize) -> bool,
) -> Graph {
    if !to_build.iter().any(|element| takes_part(*element)) {
        return Graph::new();
    }
    let mut composed = BTreeSet::new();
    for &element in to_build {
        let scope = session.project.build_scope(element);
        let is_ready = |below: &usize| to_build.binary_search(below).is_err() || composed.contains(below);
        let plan = &session.project.elements[element].configured.plan;
        if !plan.runs_commands() && scope.iter().all(is_ready) {
            composed.insert(element);
        }
    }
    let work = |element: usize| match composed.contains(&element) {
        true => works[element],
        false => RequiredWork::Nothing,
    };
    let required: Vec<usize> = composed.iter().copied().collect();
    let mut graph = build_graph(&required, &work, &|element| session.project.build_scope(element));
    let all_composed: Vec<usize> = (0..graph.jobs().len()).collect();
    for &element in to_build.iter().filter(|element| takes_part(**element)) {
        let mut after = all_composed.clone();
        if works[element] == (RequiredWork::Build { fetch: true }) {
            after.push(add(&mut graph, element, Task::Fetch, &[]));
        }
        add(&mut graph, element, Task::Prime, &after);
    }
    graph
}
