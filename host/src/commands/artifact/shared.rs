//! `artifact pull` and `artifact push`, and what other commands do with artifacts by their names.

use std::process::ExitCode;
use std::sync::Arc;

use spec_artifact::{ArtifactName, Artifacts};
use spec_cas::Cas;
use spec_model::{Blame, Cancel, DigestFunction};
use spec_session::remotes::{self, CommandLineRemotes};
use spec_session::{SessionError, SharedCaches, has_buildtrees, push_artifact};
use spec_shared_cache::{CacheMonitor, PullOptions, Pulled, Pushed};

use super::target::{build_dependencies, check_deps, names_of_pattern};
use crate::app::App;
use crate::cli::Deps;
use crate::commands::source::NoFailureHelp;
use crate::error::{CommandError, CommandResult};
use crate::run::run as run_jobs;
use crate::signals;
use crate::term::write_stderr;

/// Which way artifacts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Pull,
    Push,
}

/// Pulls or pushes the artifacts of elements, and artifacts by their names.
pub(super) fn run(
    app: &App,
    direction: Direction,
    deps: Deps,
    words: &[String],
    line: &CommandLineRemotes,
) -> CommandResult<ExitCode> {
    let (elements, names): (Vec<String>, Vec<String>) =
        words.iter().cloned().partition(|word| word.ends_with(".bst"));
    let mut code = ExitCode::SUCCESS;
    if !names.is_empty() {
        check_deps(deps)?;
        by_name(app, direction, deps, &names, line)?;
    }
    if !elements.is_empty() || names.is_empty() {
        let session = app.open_session(&elements)?;
        let selected = session.select(deps.scope());
        let caches = SharedCaches::of_session(&session, Some(line), None)?;
        let request = match direction {
            Direction::Pull => spec_session::pull(&session, &caches, &selected)?,
            Direction::Push => spec_session::push(&session, &caches, &selected)?,
        };
        code = run_jobs(app, request, Arc::new(NoFailureHelp))?;
    }
    Ok(code)
}

/// The servers of artifacts that count for the artifact of that name.
pub(super) fn caches_of_name(
    app: &App,
    name: &ArtifactName,
    cas: &Cas,
    line: &CommandLineRemotes,
) -> CommandResult<Arc<SharedCaches>> {
    let config = &app.config;
    let recommended = recommended(app)?;
    let servers = config.remotes.artifact_servers(name.project(), &recommended, line);
    Ok(SharedCaches::of_servers(&servers, &[], cas, config.bounds.trees, config.key_length)?)
}

/// The servers that the project recommends which the command runs in, if it runs in one.
fn recommended(app: &App) -> CommandResult<Vec<remotes::RemoteSpec>> {
    if spec_project::find_project(app.globals.directory()).is_err() {
        return Ok(Vec::new());
    }
    let config = app.project_config()?;
    let nodes = &config.artifact_servers;
    Ok(remotes::recommended(nodes, &config.directory, &app.config.home).map_err(SessionError::from)?)
}

/// Pulls or pushes artifacts by their names: those that are named, or those that they were built with.
fn by_name(
    app: &App,
    direction: Direction,
    deps: Deps,
    words: &[String],
    line: &CommandLineRemotes,
) -> CommandResult {
    let cas = app.open_cas(DigestFunction::Sha256)?;
    let _hold = cas.hold()?;
    let artifacts = Artifacts::new(cas.clone());
    let monitor = StderrMonitor { app, cancel: signals::cancel()? };
    let transfer = |name: &ArtifactName, direction: Direction| -> CommandResult {
        let caches = caches_of_name(app, name, &cas, line)?;
        let is_pulled = direction == Direction::Pull && caches.pulled_artifacts().is_some();
        if is_pulled && is_cached(app, &artifacts, &cas, name)? {
            tell(app, direction, format_args!("{name} was there already"));
            return Ok(());
        }
        if direction == Direction::Pull || artifacts.get(name)?.is_none() {
            pull(app, &caches, name, direction, &monitor)?;
        }
        match direction {
            Direction::Pull => Ok(()),
            Direction::Push => push(&caches, &artifacts, &cas, name, &monitor),
        }
    };
    for word in words {
        for name in named(&artifacts, word)? {
            if deps == Deps::None {
                transfer(&name, direction)?;
                continue;
            }
            // Its record says what it was built with.
            if artifacts.record(&name)?.is_none() {
                transfer(&name, Direction::Pull)?;
            }
            for below in build_dependencies(&artifacts, &name)? {
                transfer(&below, direction)?;
            }
        }
    }
    Ok(())
}

/// The names that a word means: itself, or those in the cache that it is a pattern of.
fn named(artifacts: &Artifacts, word: &str) -> CommandResult<Vec<ArtifactName>> {
    match word.parse::<ArtifactName>() {
        Ok(name) => Ok(vec![name]),
        Err(error) => match names_of_pattern(artifacts, word)? {
            names if names.is_empty() => Err(error.into()),
            names => Ok(names),
        },
    }
}

/// Pulls an artifact by its name, if a server has it.
pub(super) fn pull(
    app: &App,
    caches: &SharedCaches,
    name: &ArtifactName,
    direction: Direction,
    monitor: &dyn CacheMonitor,
) -> CommandResult {
    let Some(artifacts) = caches.pulled_artifacts() else {
        return match direction {
            Direction::Pull => Err(SessionError::NoServers { what: "artifact", action: "pulling" }.into()),
            Direction::Push => Ok(()),
        };
    };
    let options = PullOptions { buildtrees: app.config.pull_buildtrees };
    match artifacts.pull(name, options, monitor)? {
        Pulled::Artifact(_) => {
            tell(app, direction, format_args!("{name} was pulled"));
            Ok(())
        }
        Pulled::NotThere => {
            tell(app, direction, format_args!("{name} is on no server"));
            Ok(())
        }
        Pulled::Unknown => {
            Err(failed(format!("no server that has {name} answers, as the warnings above say")))
        }
    }
}

/// Whether an artifact is cached with all that is wanted of it.
fn is_cached(app: &App, artifacts: &Artifacts, cas: &Cas, name: &ArtifactName) -> CommandResult<bool> {
    Ok(match artifacts.get(name)? {
        Some(artifact) => !app.config.pull_buildtrees || has_buildtrees(cas, &artifact)?,
        None => false,
    })
}

/// Tells what became of an artifact that is to be pulled.
fn tell(app: &App, direction: Direction, text: std::fmt::Arguments<'_>) {
    if direction == Direction::Pull {
        write_stderr(&format!("{text}\n"), app.err);
    }
}

fn push(
    caches: &SharedCaches,
    artifacts: &Artifacts,
    cas: &Cas,
    name: &ArtifactName,
    monitor: &dyn CacheMonitor,
) -> CommandResult {
    let Some(servers) = caches.pushed_artifacts() else {
        return Err(SessionError::NoServers { what: "artifact", action: "pushing" }.into());
    };
    let Some(artifact) = artifacts.get(name)? else {
        return Err(failed(format!("{name} is not cached, so it cannot be pushed")));
    };
    if !has_buildtrees(cas, &artifact)? {
        return Err(failed(format!("{name} is cached without its build tree, so it cannot be pushed")));
    }
    match push_artifact(servers, cas, name, &artifact, true, monitor)? {
        Pushed::Pushed | Pushed::ThereAlready => Ok(()),
        Pushed::Failed => Err(failed(format!("no server takes {name}, as the warnings above say"))),
    }
}

fn failed(message: String) -> CommandError {
    CommandError::new(Blame::Remote, "shared-cache-failed", message)
}

/// Tells on the standard error what pulls and pushes do that are no jobs.
pub(super) struct StderrMonitor<'a> {
    pub(super) app: &'a App,
    pub(super) cancel: Cancel,
}

impl CacheMonitor for StderrMonitor<'_> {
    fn activity(&self, _: &str) {}

    fn info(&self, _: &'static str, text: String) {
        write_stderr(&format!("{text}\n"), self.app.err);
    }

    fn warning(&self, reason: &str, text: String) {
        self.app.warn(reason, &text);
    }

    fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}
