//! `build`

use std::process::ExitCode;
use std::sync::Arc;

use spec_scheduler::Graph;

use super::shell::FailureHelper;
use crate::app::App;
use crate::cli::BuildArgs;
use crate::drive::{Errand, drive};
use crate::error::{CommandError, CommandResult};
use crate::plan::{Need, build_jobs};
use crate::session::Session;
use crate::standing::Standing;
use crate::work::Worker;

/// Builds elements.
///
/// # Errors
/// What is wrong before the first job starts.
pub(super) fn run(app: &App, args: &BuildArgs) -> CommandResult<ExitCode> {
    let session = Arc::new(Session::open(app, &args.elements)?);
    let standings = session.standings()?;
    let retry = args.retry_failed || app.config.retry_failed;
    let required = session.select(args.deps.unwrap_or(app.config.dependencies), &[])?;
    let needs = needs(&session, &standings, retry)?;
    let graph =
        build_jobs(&required, &|element| needs[element], &|element| session.project.build_scope(element));
    check_references(&session, &standings, &graph)?;
    let helper = Arc::new(FailureHelper::new(session.clone()));
    let roster = session.roster("build", Some(&standings));
    let work = Arc::new(Worker::new(session, &standings, retry));
    drive(app, Errand { graph, work, roster, helper })
}

fn needs(session: &Session, standings: &[Standing], retry: bool) -> CommandResult<Vec<Need>> {
    let need = |(element, standing): (usize, &Standing)| {
        Ok(match standing {
            Standing::Cached(_) => Need::Nothing,
            Standing::Failed(_) if !retry => Need::Verdict,
            Standing::Failed(_) => Need::Build { fetch: session.fetch_needed(element)? },
            Standing::FetchNeeded => Need::Build { fetch: true },
            Standing::NoReference | Standing::Waiting | Standing::Buildable => Need::Build { fetch: false },
        })
    };
    standings.iter().enumerate().map(need).collect()
}

/// Nothing can be built without the references of its sources.
fn check_references(session: &Session, standings: &[Standing], graph: &Graph) -> CommandResult {
    let without = |element: &usize| matches!(standings[*element], Standing::NoReference);
    let mut missing: Vec<usize> = graph.jobs().iter().map(|job| job.element).filter(without).collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = missing.iter().map(|element| session.name(*element)).collect();
    let message = format!("these elements have sources without a ref: {}", names.join(", "));
    let hint = format!("spec-host source track {}", names.join(" "));
    Err(CommandError::usage("inconsistent-pipeline", message).hint(hint))
}
