//! Converts errors to failures of jobs.

use spec_artifact::{Artifact, Outcome};
use spec_build::BuildError;
use spec_model::{Blame, UserError};
use spec_scheduler::{Failure, JobEnd};

/// How a job ends.
pub(crate) type JobResult = Result<JobEnd, Box<Failure>>;

/// The failure of a job that ended with an error.
pub(crate) fn of(error: impl UserError) -> Box<Failure> {
    Box::new(Failure {
        reason: error.reason().to_owned(),
        blame: error.blame(),
        message: error.to_string(),
        position: error.position().cloned(),
        detail: error.detail(),
        hint: error.hint(),
        ..Failure::default()
    })
}

/// The failure of a build, with the last `lines` lines of its log.
pub(crate) fn of_build(error: BuildError, lines: usize) -> Box<Failure> {
    let BuildError::Command(failed) = error else { return of(error) };
    Box::new(Failure {
        reason: "command-failed".to_owned(),
        blame: Blame::Build,
        message: failed.to_string(),
        command: Some(failed.command.clone()),
        exit_code: failed.exit_code,
        // A log that cannot be read is still named.
        log_tail: failed.output_tail(lines),
        log: Some(failed.log),
        has_buildtree: failed.has_buildtree,
        ..Failure::default()
    })
}

/// The failure that is cached as an artifact, with at most the last `lines` lines of its command's output.
pub(crate) fn of_artifact(artifact: &Artifact, lines: usize) -> Box<Failure> {
    // The text of the artifact may have several lines, the message of a failure has one.
    let (message, details) = match &artifact.outcome {
        Outcome::Failed { error, details } => (error.lines().next().unwrap_or_default(), details.as_str()),
        Outcome::Succeeded => ("", ""),
    };
    let all: Vec<&str> = details.lines().collect();
    let end = &all[all.len().saturating_sub(lines)..];
    Box::new(Failure {
        reason: "cached-failure".to_owned(),
        blame: Blame::Build,
        message: message.to_owned(),
        log_tail: end.iter().map(|line| (*line).to_owned()).collect(),
        has_buildtree: artifact.trees.buildroot.is_some(),
        cached: true,
        ..Failure::default()
    })
}
