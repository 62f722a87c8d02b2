//! Loading: `show` of a generated distribution, beside BuildStream.

mod distribution;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::BenchOptions;
use super::measure::{Load, median, settle};
use super::scratch;
use super::table::{Row, Table, Target, reached};
use crate::bst::Bst;
use crate::command::{command, succeeds};
use crate::lock::Lock;
use crate::paths::Paths;
use crate::steps::step;
use distribution::Distribution;

/// What is shown, and compared, of every element.
const FORMAT: &str = "%{name} %{full-key} %{state}";

/// How often the memory of a running program is looked at.
const INTERVAL: Duration = Duration::from_millis(2);

/// What `show` took.
#[derive(Clone, Copy)]
struct Shown {
    wall: Duration,
    /// The most memory that the process had, in KiB.
    memory: u64,
}

/// Measures and prints the table; an error when a key or a state differs.
pub(super) fn run(paths: &Paths, options: &BenchOptions) -> Result<()> {
    let host = options.host(paths)?;
    let bst = step("install BuildStream", || Bst::install(paths))?;
    let folder = paths.target().join("bench");
    let _lock = Lock::take(&folder)?;
    let scratch = scratch(&folder)?;
    let project = scratch.path().join("distribution");
    let targets = Distribution { elements: 1000, behind_junction: 100 }.write(&project)?;
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("theirs"));
    let show = |program: &Path, folder: &PathBuf| -> Result<(String, Shown)> {
        let config = Bst::write_config(folder, folder)?;
        let mut show = command(program, ["--no-colors", "--config"]);
        show.arg(config).arg("--directory").arg(&project);
        show.args(["show", "--deps", "none", "--format", FORMAT]).args(&targets);
        measured(&mut show, &folder.join("shown"))
    };
    let before = Load::now()?;
    let mut all = [const { Vec::new() }; 2];
    for round in 0..=options.long_runs() {
        let (ours, theirs) = (show(&host, &ours)?, show(&bst.program("bst"), &theirs)?);
        if ours.0 != theirs.0 {
            bail!("the keys or states are not BuildStream's: compare 'shown' in the folders of {folder:?}");
        }
        // The first round fills the caches of both.
        if round > 0 {
            all[0].push(ours.1);
            all[1].push(theirs.1);
        }
    }
    let [ours, theirs] = all.map(|shown| Shown {
        wall: median(shown.iter().map(|shown| shown.wall).collect()),
        memory: median(shown.iter().map(|shown| shown.memory).collect()),
    });
    let mut table = Table::default();
    let figure = "show of 1000 elements with keys";
    table.add(Row::beside(figure, ours.wall, "bst", theirs.wall, Target::Ratio(1.0 / 20.0)));
    let mib = |shown: Shown| shown.memory / 1024;
    println!(
        "\n{table}\nmemory {} MiB, bst {} MiB, target ≤ 1/4: {}",
        mib(ours),
        mib(theirs),
        reached(ours.memory * 4 <= theirs.memory)
    );
    println!("all keys and states are BuildStream's; load average {before} before, {} after", Load::now()?);
    step("remove the caches", || Ok(scratch.close()?))
}

/// Runs a command whose output goes to a file.
fn measured(command: &mut Command, output: &Path) -> Result<(String, Shown)> {
    settle()?;
    let start = Instant::now();
    let mut child = command.stdout(fs::File::create(output)?).stderr(Stdio::null()).spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut memory = 0;
    let code = loop {
        memory = memory.max(high_water_mark(&status));
        if let Some(code) = child.try_wait()? {
            break code;
        }
        thread::sleep(INTERVAL);
    };
    let wall = start.elapsed();
    if !code.success() {
        succeeds(command.stdout(Stdio::inherit()).stderr(Stdio::inherit()));
        bail!("{code}: {:?}", command.get_program());
    }
    Ok((fs::read_to_string(output).context("what a program shows is text")?, Shown { wall, memory }))
}

/// The most memory that a process had so far, in KiB; 0 when it has ended.
fn high_water_mark(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
