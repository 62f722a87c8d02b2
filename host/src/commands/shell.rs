//! `shell`, and shells for failed builds.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use spec_build::{BuildObserver, BuildRequest, PreparedRoot, ShellCommand, Warning};
use spec_model::Cancel;
use spec_project::Scope;
use spec_sandbox::Termination;
use spec_session::{Session, SharedCaches};
use spec_source::FetchMonitor;

use super::pager;
use super::pull_missing::pull_missing;
use crate::app::App;
use crate::cli::ShellArgs;
use crate::error::{CommandError, CommandResult};
use crate::term::{FailureHelper, Style, write_stderr};

/// The root of a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShellRoot {
    /// The element and what it needs at run time.
    Runtime,
    /// The root of its build before the first command.
    Build,
    /// The root after its build (the build tree).
    Buildtree,
}

/// Runs a command in an element's sandbox and exits with its code.
///
/// # Errors
/// When the sandbox cannot be made.
pub(super) fn run(app: &App, args: &ShellArgs) -> CommandResult<ExitCode> {
    let session = app.open_session(std::slice::from_ref(&args.element))?;
    let element = session.target()?;
    let root_kind = match (args.use_buildtree, args.build) {
        (true, _) => ShellRoot::Buildtree,
        (false, true) => ShellRoot::Build,
        (false, false) => ShellRoot::Runtime,
    };
    pull_first(app, &session, element, root_kind, args)?;
    let code = enter(&session, element, root_kind, args.command.clone())?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// Pulls the artifacts that the root needs, and fetches the sources of a build's, as BuildStream does.
fn pull_first(
    app: &App,
    session: &Arc<Session>,
    element: usize,
    root_kind: ShellRoot,
    args: &ShellArgs,
) -> CommandResult {
    let (artifacts, sources) = (args.artifact_remotes.artifacts(), args.source_remotes.sources());
    let caches = SharedCaches::of_session(session, Some(&artifacts), Some(&sources))?;
    let mut needed = match root_kind {
        ShellRoot::Runtime => session.project.scope(&[element], Scope::Run),
        ShellRoot::Build => session.project.build_scope(element),
        ShellRoot::Buildtree => Vec::new(),
    };
    if !needed.contains(&element) {
        needed.push(element);
    }
    pull_missing(app, session, &needed, &caches)?;
    let sources = session.sources(element);
    if let (ShellRoot::Build, Some(cache)) = (root_kind, caches.pulled_sources())
        && sources.sources().next().is_some()
    {
        sources.fetch_through(cache, &FetchMonitor::silent(Cancel::new()))?;
    }
    Ok(())
}

fn enter(
    session: &Session,
    element: usize,
    root_kind: ShellRoot,
    command: Vec<String>,
) -> CommandResult<i32> {
    let builder = session.builder();
    let keys = session.current_keys()?;
    let keys_of = |element: usize| keys[element];
    let cancel = Cancel::new();
    let has_sources = !session.project.elements[element].sources.is_empty();
    let sources = match root_kind {
        ShellRoot::Build if has_sources => {
            Some(session.sources(element).stage(&FetchMonitor::silent(cancel.clone()))?)
        }
        _ => None,
    };
    let request =
        BuildRequest { project: &session.project, element, keys: &keys_of, sources, key_description: None };
    let mut prepared = match root_kind {
        ShellRoot::Runtime => {
            builder.runtime_root(&request, Some(Scope::Run), true, &WarningPrinter, &cancel)?
        }
        ShellRoot::Build => builder.build_root(&request, &WarningPrinter, &cancel)?,
        ShellRoot::Buildtree => builder.cached_root(&request, &WarningPrinter, &cancel)?,
    };
    start(session, element, &mut prepared, command)
}

fn start(
    session: &Session,
    element: usize,
    root: &mut PreparedRoot<'_>,
    argv: Vec<String>,
) -> CommandResult<i32> {
    let shell = &session.project.config.shell;
    let interactive = argv.is_empty();
    let argv = if interactive { shell.command.clone() } else { argv };
    let mut environment = Vec::new();
    if interactive {
        let key = session.shown_key(element, None);
        let key: String = key.chars().take(session.options.key_length).collect();
        environment.push(("PS1".to_owned(), format!("[{key}@{}:${{PWD}}]$ ", session.name(element))));
        environment.extend(std::env::var("TERM").map(|term| ("TERM".to_owned(), term)));
        environment.extend(shell.environment.iter().map(|(name, text)| (name.clone(), from_host(text))));
    }
    let ran = root.run(ShellCommand { argv, environment, network: interactive })?;
    Ok(match ran.termination {
        Termination::Exited(code) => code,
        Termination::Signaled(signal) => 128 + signal,
        Termination::TimedOut | Termination::Cancelled => 130,
    })
}

/// A value of the project's shell environment: `$NAME` is the host's variable of that name.
fn from_host(text: &str) -> String {
    match text.strip_prefix('$') {
        Some(name) => std::env::var(name).unwrap_or_default(),
        None => text.to_owned(),
    }
}

/// Prints warnings while a root is made, but no progress.
pub(super) struct WarningPrinter;

impl BuildObserver for WarningPrinter {
    fn activity(&self, _text: &str, _commands: Option<(u64, u64)>) {}

    fn warning(&self, warning: Warning) {
        write_stderr(&format!("warning[{}]: {}\n", warning.reason, warning.text), Style::Plain);
    }
}

/// Helps the user with failures of a session: opens shells in sandboxes and shows logs.
pub(super) struct FailureShell {
    session: Arc<Session>,
}

impl FailureShell {
    /// Shells in the sandboxes of this session.
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    fn try_shell(&self, element: usize) -> CommandResult {
        let kept = self.session.key_pairs[element]
            .map(|pair| self.session.cached_artifact(element, pair))
            .transpose()?
            .flatten();
        let has_root = kept.is_some_and(|artifact| artifact.trees.buildroot.is_some());
        let root_kind = if has_root { ShellRoot::Buildtree } else { ShellRoot::Build };
        enter(&self.session, element, root_kind, Vec::new()).map(drop)
    }
}

impl FailureHelper for FailureShell {
    fn shell(&self, element: usize) {
        report(self.try_shell(element));
    }

    fn log(&self, path: &Path) {
        let text = std::fs::read(path);
        let text = text.map_err(|error| CommandError::io(&format!("read {}", path.display()), &error));
        report(text.and_then(|text| pager::show(&String::from_utf8_lossy(&text))));
    }
}

fn report(result: CommandResult) {
    if let Err(error) = result {
        write_stderr(&error.render(Style::Plain, Path::new(".")), Style::Plain);
    }
}
