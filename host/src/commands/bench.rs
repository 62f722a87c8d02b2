//! The command `bench`: measures operations that are too short to be measured from outside. For `cargo xtask bench`;
//! compiled with the feature `bench` only.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use spec_build::{BuildRequest, ShellCommand};
use spec_model::{Blame, Cancel, Mapping, Node};
use spec_plugins::{Options, Plugins, default_kinds};
use spec_sandbox::Termination;
use spec_session::Session;
use spec_strategy::{DependencyInput, ElementInput, ElementKind, NoDependencies};

use super::print;
use super::shell::WarningPrinter;
use crate::app::App;
use crate::cli::BenchArgs;
use crate::error::{CommandError, CommandResult};

/// The number of calls of a component per run, since they are short.
const CALLS: u32 = 20;

/// Prints the medians of some runs as JSON, in microseconds.
pub(super) fn run(app: &App, args: &BenchArgs) -> CommandResult<ExitCode> {
    let session = app.open_session(std::slice::from_ref(&args.element))?;
    let figures = json!({
        "sandbox_true_us": sandbox(&session, args.runs)?,
        "component_call_us": component_call(app, args.runs)?,
        "components_load_us": components_load(app, args.runs)?,
    });
    print(&format!("{figures}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a root of the element's artifact and runs `/bin/true` in it. The first time, when the layer is made, is not
/// measured.
fn sandbox(session: &Session, runs: u32) -> CommandResult<f64> {
    let (builder, keys, cancel) = (session.builder(), session.current_keys()?, Cancel::new());
    let keys = |element: usize| keys[element];
    let request = BuildRequest {
        project: &session.project,
        element: session.target()?,
        keys: &keys,
        previous: None,
        sources: None,
        key_description: None,
    };
    let command = || ShellCommand {
        argv: vec!["/bin/true".to_owned()],
        environment: Vec::new(),
        network: false,
        mounts: Vec::new(),
    };
    let run = || {
        let mut root = builder.runtime_root(&request, None, false, &WarningPrinter, &cancel)?;
        match root.run(command())?.termination {
            Termination::Exited(0) => Ok(()),
            other => {
                Err(CommandError::new(Blame::Build, "bench-failed", format!("/bin/true ended so: {other:?}")))
            }
        }
    };
    run()?;
    median(runs, run)
}

/// Calls `configure` of `autotools` in an existing instance.
fn component_call(app: &App, runs: u32) -> CommandResult<f64> {
    let plugins = plugins(app);
    let (kind, element) = (kind(&plugins, "autotools")?, element());
    kind.configure(&element, &NoDependencies)?;
    median(runs.saturating_mul(CALLS), || Ok(kind.configure(&element, &NoDependencies).map(drop)?))
}

/// Loads every embedded component from cached code in a new engine.
fn components_load(app: &App, runs: u32) -> CommandResult<f64> {
    let load = || {
        let plugins = plugins(app);
        default_kinds().try_for_each(|name| kind(&plugins, name).map(drop))
    };
    load()?;
    median(runs, load)
}

fn plugins(app: &App) -> Plugins {
    Plugins::new(Options { keep_answers: false, ..Options::new(app.config.cache("plugins")) })
}

fn kind(plugins: &Plugins, name: &str) -> CommandResult<Arc<dyn ElementKind>> {
    Ok(plugins.embedded_kind(name)?)
}

/// An element as large as those of real projects: 50 variables, some of them long, eight commands, ten dependencies.
fn element() -> ElementInput {
    let mut config = Mapping::new();
    for group in ["configure-commands", "build-commands", "install-commands", "strip-commands"] {
        let commands = (0..2).map(|n| Node::text(format!("{group} {n}: {}", "make it so; ".repeat(20))));
        config.set(group, Node::sequence(commands.collect()));
    }
    let mut variables: Vec<(Arc<str>, Arc<str>)> = (0..48)
        .map(|n| (format!("variable-{n:02}").into(), "/usr/lib/x86_64-linux-gnu".repeat(1 + n % 8).into()))
        .collect();
    variables.push(("build-root".into(), "/buildstream/project/element.bst".into()));
    variables.push(("install-root".into(), "/buildstream-install".into()));
    variables.sort_unstable();
    let dependency = |n: usize| DependencyInput {
        path: format!("components/library-{n}.bst"),
        build: true,
        runtime: n.is_multiple_of(2),
        config: None,
    };
    ElementInput {
        name: "components/application.bst".to_owned(),
        project: "project".to_owned(),
        config,
        variables,
        dependencies: (0..10).map(dependency).collect(),
        sources: vec!["tar".to_owned(), "local".to_owned()],
    }
}

/// The median time of some runs, in microseconds.
fn median(runs: u32, mut run: impl FnMut() -> CommandResult) -> CommandResult<f64> {
    let mut times = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let middle: Duration = times[times.len() / 2];
    Ok(middle.as_secs_f64() * 1e6)
}
