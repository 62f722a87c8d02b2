//! Prints what plugins cost: a call of a warm instance, loading the default kinds, compiling them.
//!
//! `cargo run --release -p spec-plugins --example plugin_cost`

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use spec_model::{Mapping, Node};
use spec_plugins::{Options, Plugins};
use spec_strategy::{DependencyInput, ElementInput, KindRegistry, KindRequest};

const KINDS: [&str; 4] = ["autotools", "import", "manual", "stack"];
const CALLS: usize = 2_000;
const LOADS: usize = 21;

fn main() -> Result<(), Box<dyn Error>> {
    let cache = tempfile::tempdir()?;
    let cold = load(cache.path())?;
    let warm: Vec<Duration> = (0..LOADS).map(|_| load(cache.path())).collect::<Result<_, _>>()?;
    println!("compile and load {} kinds: {cold:?}", KINDS.len());
    println!("load {} kinds from the cache: {:?} (median of {LOADS})", KINDS.len(), median(warm));

    let plugins = Plugins::new(Options::new(cache.path().to_owned()));
    let kind = plugins.kind(&request("autotools"))?;
    let element = element();
    let calls = (0..CALLS).map(|_| {
        let start = Instant::now();
        kind.configure(&element).map(|_| start.elapsed())
    });
    let calls = calls.collect::<Result<_, _>>()?;
    println!("configure an autotools element: {:?} (median of {CALLS} calls)", median(calls));
    Ok(())
}

fn load(cache: &Path) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let plugins = Plugins::new(Options::new(cache.to_owned()));
    for kind in KINDS {
        plugins.kind(&request(kind))?;
    }
    Ok(start.elapsed())
}

fn request(kind: &str) -> KindRequest {
    KindRequest { name: kind.to_owned(), component: None }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// As large as elements of real projects are: 50 variables, some of them long, eight commands, ten dependencies.
fn element() -> ElementInput {
    let mut config = Mapping::new();
    for group in ["configure-commands", "build-commands", "install-commands", "strip-commands"] {
        let commands = (0..2).map(|n| Node::text(format!("{group} {n}: {}", "make it so; ".repeat(20))));
        config.set(group, Node::sequence(commands.collect()));
    }
    let mut variables: Vec<(String, String)> = (0..48)
        .map(|n| (format!("variable-{n:02}"), "/usr/lib/x86_64-linux-gnu".repeat(1 + n % 8)))
        .collect();
    variables.push(("build-root".to_owned(), "/buildstream/project/element.bst".to_owned()));
    variables.push(("install-root".to_owned(), "/buildstream-install".to_owned()));
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
