//! What the same priming policy costs in each language: `cargo xtask languages`, then
//! `cargo bench -p spec-plugins --bench languages`. Prints the table of docs/languages.md.

#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use spec_plugins::{Options, Plugins, PolicyComponent, PolicyRequest};
use spec_strategy::{Candidate, NoFacts, PrimingLoad, PrimingPolicy};

/// The folder below `target`, and the name of each component.
const COMPONENTS: [(&str, &str); 5] = [
    ("components", "rust-critical-path"),
    ("language-components", "c-critical-path"),
    ("language-components", "javascript-critical-path"),
    ("language-components", "python-critical-path"),
    // Not built by xtask: the same file as with QuickJS.
    ("language-components", "starlingmonkey-critical-path"),
];

/// Questions of this length are asked, so often.
const QUESTIONS: [(u32, u32); 3] = [(1, 300), (60, 100), (500, 15)];

fn main() {
    let lengths = QUESTIONS.map(|(length, _)| format!("{length} at a time"));
    println!("| component | size | first load | cached load | a candidate, {} |", lengths.join(" | "));
    println!("|{}", " --- |".repeat(4 + QUESTIONS.len()));
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    for (folder, name) in COMPONENTS {
        let file = target.join(folder).join(format!("{name}.wasm"));
        if file.exists() {
            println!("{}", row(name, file));
        }
    }
}

fn row(name: &str, file: PathBuf) -> String {
    let size = fs::metadata(&file).expect("the component is there").len();
    let cache = tempfile::tempdir().expect("a temporary folder can be made");
    let load = || {
        let plugins = Plugins::new(Options::new(cache.path().to_owned()));
        let component = PolicyComponent::File(file.clone());
        let request = PolicyRequest { component, settings: Vec::new() };
        plugins.priming_policy(&request, "bench").expect("it loads").policy
    };
    let (first, mut policy) = timed(load);
    let cached = median((0..7).map(|_| timed(load).0).collect());
    let calls = QUESTIONS.map(|(length, times)| {
        let candidates: Vec<Candidate> = (0..length).map(candidate).collect();
        let ask = |_| timed(|| decide(&mut *policy, &candidates)).0;
        let one = median((0..times).map(ask).collect()) / length;
        format!("{:.2} µs", one.as_nanos() as f64 / 1000.0)
    });
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let size = format!("{:.0} kB", size as f64 / 1000.0);
    format!("| `{name}` | {size} | {} | {} | {} |", ms(first), ms(cached), calls.join(" | "))
}

fn decide(policy: &mut dyn PrimingPolicy, candidates: &[Candidate]) {
    let load = PrimingLoad { slots: Some(16), free: 64, ..PrimingLoad::default() };
    let decided = policy.decide(candidates, &load, &NoFacts).expect("it answers");
    assert_eq!(decided.len(), candidates.len());
}

fn candidate(action: u32) -> Candidate {
    let critical_ms = action.wrapping_mul(7919) % 1000;
    Candidate {
        action,
        run_ms: Some(50),
        critical_ms,
        distance: action % 10,
        fan_out: action % 5,
        ..Candidate::default()
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed(), done)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
