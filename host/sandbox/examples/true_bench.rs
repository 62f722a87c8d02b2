//! Median time of a command in a sandbox: `true_bench LAYER [RUNS [PROGRAM...]]`.
//!
//! Upper and work directories lie in `TMPDIR`; making them is not measured, mounting and unmounting is.
#![allow(clippy::print_stdout)]

use spec_sandbox::{RootSpec, SandboxCommand, Termination, run};
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let layer = PathBuf::from(args.next().ok_or("usage: true_bench LAYER [RUNS [PROGRAM...]]")?);
    let runs: usize = args.next().map_or(Ok(200), |runs| runs.parse())?;
    let mut argv: Vec<String> = args.collect();
    if argv.is_empty() {
        argv.push("/bin/true".into());
    }
    let scratch = tempfile::tempdir()?;
    let mut times = Vec::with_capacity(runs);
    for run_number in 0..runs {
        let (upper, work) =
            (scratch.path().join(format!("u{run_number}")), scratch.path().join(format!("w{run_number}")));
        std::fs::create_dir(&upper)?;
        std::fs::create_dir(&work)?;
        let root = RootSpec::new([layer.clone()], upper, work);
        let start = Instant::now();
        let outcome = run(&root, &SandboxCommand::new(argv.clone()))?;
        times.push(start.elapsed());
        assert_eq!(outcome.termination, Termination::Exited(0));
    }
    times.sort();
    let ms = |at: usize| times[at].as_secs_f64() * 1e3;
    println!(
        "median {:.2} ms, best {:.2}, 9 of 10 under {:.2} ({runs} runs)",
        ms(runs / 2),
        ms(0),
        ms(runs * 9 / 10)
    );
    Ok(())
}
