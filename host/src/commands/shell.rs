//! `shell`, and shells for failed builds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use spec_build::{BuildObserver, BuildRequest, PreparedRoot, ShellCommand, Warning};
use spec_model::{Blame, Cancel};
use spec_project::Scope;
use spec_sandbox::Termination;
use spec_session::{Session, SharedCaches};
use spec_source::FetchMonitor;

use super::pull_missing::pull_missing;
use super::{named_or_default, pager};
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
    let named = named_or_default(app, args.element.as_deref())?;
    let session = app.open_session(std::slice::from_ref(&named))?;
    let element = session.target()?;
    let root_kind = match (args.use_buildtree, args.build) {
        (true, _) => ShellRoot::Buildtree,
        (false, true) => ShellRoot::Build,
        (false, false) => ShellRoot::Runtime,
    };
    pull_first(app, &session, element, root_kind, args)?;
    check_cached(&session, element, root_kind)?;
    let asked = AskedShell {
        command: args.command.clone(),
        isolate: args.isolate,
        mounts: mounts(app, &session, args),
    };
    let code = enter(&session, element, root_kind, asked)?;
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
    if let (ShellRoot::Build, Some(cache)) =
        (root_kind, caches.pulled_sources_of(&session.project.elements[element]))
        && sources.sources().next().is_some()
    {
        sources.fetch_through(cache, &FetchMonitor::silent(Cancel::new()))?;
    }
    Ok(())
}

/// What was asked for a shell.
#[derive(Clone, Debug, Default)]
struct AskedShell {
    /// The command; empty for an interactive shell.
    command: Vec<String>,
    /// Whether it has nothing that a build would not have.
    isolate: bool,
    /// Files and folders of the host, and where they are inside.
    mounts: Vec<(PathBuf, String)>,
}

/// The files of the host that the project and the command line want in a shell. Warns of those that are not there.
fn mounts(app: &App, session: &Session, args: &ShellArgs) -> Vec<(PathBuf, String)> {
    if args.isolate {
        return Vec::new();
    }
    let expand = |text: &str| spec_model::expand_variables(text, &|name| std::env::var(name).ok());
    let of_project = session.project.config.shell.host_files.iter();
    let of_project = of_project.map(|file| (expand(&file.host_path), expand(&file.path), file.optional));
    let given = args.mounts().map(|(host, inside)| (host.to_owned(), inside.to_owned(), false));
    let mut mounts = Vec::new();
    for (host, inside, optional) in of_project.chain(given) {
        match std::path::absolute(&host) {
            Ok(path) if path.exists() => mounts.push((path, inside)),
            _ if optional => {}
            _ => app
                .warn("missing-host-file", &format!("'{host}' is not on this machine, so it is not mounted")),
        }
    }
    mounts
}

/// Refuses a shell whose root needs what is not cached, with BuildStream's reasons.
fn check_cached(session: &Session, element: usize, root_kind: ShellRoot) -> CommandResult {
    let artifact = |element: usize| match session.key_pairs[element] {
        Some(pair) => session.cached_artifact(element, pair),
        None => Ok(None),
    };
    let needed = match root_kind {
        ShellRoot::Runtime => session.project.scope(&[element], Scope::Run),
        ShellRoot::Build => session.project.build_scope(element),
        ShellRoot::Buildtree => {
            let name = session.name(element);
            let (reason, what) = match artifact(element)? {
                None => ("missing-buildtree-artifact-not-cached", "is not cached"),
                Some(artifact) => match artifact.trees.buildroot {
                    None => (
                        "missing-buildtree-artifact-created-without-buildtree",
                        "was made without a build tree",
                    ),
                    Some(tree) if session.cas.is_complete(&tree)? => return Ok(()),
                    Some(_) => (
                        "missing-buildtree-artifact-buildtree-not-cached",
                        "is cached without its build tree",
                    ),
                },
            };
            let error = CommandError::new(Blame::Build, reason, format!("the artifact of '{name}' {what}"));
            return Err(error
                .hint("build it again with --cache-buildtrees always, or pull it with --pull-buildtrees"));
        }
    };
    let mut missing = Vec::new();
    for below in needed {
        if artifact(below)?.is_none_or(|artifact| !artifact.succeeded()) {
            missing.push(session.name(below));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("these elements must be built before: {}", missing.join(", "));
    let hint = format!("spec-host build {}", missing.join(" "));
    Err(CommandError::new(Blame::Build, "shell-missing-deps", message).hint(hint))
}

fn enter(session: &Session, element: usize, root_kind: ShellRoot, asked: AskedShell) -> CommandResult<i32> {
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
    let request = BuildRequest {
        project: &session.project,
        element,
        keys: &keys_of,
        sources,
        previous: None,
        key_description: None,
    };
    let mut prepared = match root_kind {
        ShellRoot::Runtime => {
            builder.runtime_root(&request, Some(Scope::Run), true, &WarningPrinter, &cancel)?
        }
        ShellRoot::Build => builder.build_root(&request, &WarningPrinter, &cancel)?,
        ShellRoot::Buildtree => builder.cached_root(&request, &WarningPrinter, &cancel)?,
    };
    start(session, element, &mut prepared, asked)
}

fn start(
    session: &Session,
    element: usize,
    root: &mut PreparedRoot<'_>,
    asked: AskedShell,
) -> CommandResult<i32> {
    let shell = &session.project.config.shell;
    let interactive = asked.command.is_empty();
    let argv = if interactive { shell.command.clone() } else { asked.command };
    let mut environment = Vec::new();
    if interactive {
        let key = session.shown_key(element, None);
        let key: String = key.chars().take(session.options.key_length).collect();
        environment.push(("PS1".to_owned(), format!("[{key}@{}:${{PWD}}]$ ", session.name(element))));
        environment.extend(std::env::var("TERM").map(|term| ("TERM".to_owned(), term)));
    }
    if !asked.isolate {
        let of_host = |name: &str| std::env::var(name).ok();
        let expand = |text: &String| spec_model::expand_variables(text, &of_host);
        environment.extend(shell.environment.iter().map(|(name, text)| (name.clone(), expand(text))));
    }
    let (network, mounts) = (!asked.isolate, asked.mounts);
    let ran = root.run(ShellCommand { argv, environment, network, mounts })?;
    Ok(match ran.termination {
        Termination::Exited(code) => code,
        Termination::Signaled(signal) => 128 + signal,
        Termination::TimedOut | Termination::Cancelled => 130,
    })
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
        enter(&self.session, element, root_kind, AskedShell::default()).map(drop)
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
