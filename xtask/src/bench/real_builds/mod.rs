//! Libraries and programs of Debian's source archives, rebuilt after a change of the library below all of them: without
//! predictions and with them, and how far replays of the recorded rebuilds are from these.

mod account;
mod project;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use self::account::{Accounts, events_of};
use self::project::RealProject;
use super::measure::{Load, median, settle};
use super::programs::BuildProgram;
use super::speculation::{OTHER_POLICIES, ReplayedBuild, compare_other};
use super::table::time;
use super::{BenchOptions, scratch};
use crate::command::output;
use crate::lock::Lock;
use crate::paths::Paths;
use crate::steps::step;

/// What is built, and the elements whose actions count.
const TARGET: &str = "all.bst";
const ELEMENTS: [&str; 7] =
    ["common.bst", "fribidi.bst", "brotli.bst", "jsoncpp.bst", "lua.bst", "markupsafe.bst", "bzversion.bst"];

/// The programs and folders of the benchmark.
struct RealBench {
    project: RealProject,
    /// Without predictions and with them, each with its own cache.
    programs: [BuildProgram; 2],
    events: PathBuf,
    recordings: [PathBuf; 2],
    accounts: Accounts,
    walls: [Vec<Duration>; 2],
    lines: Vec<String>,
}

/// Measures everything and prints the tables.
pub(super) fn run(paths: &Paths, options: &BenchOptions) -> Result<()> {
    let host = options.host(paths)?;
    let folder = paths.target().join("bench");
    let _lock = Lock::take(&folder)?;
    let scratch = scratch(&folder)?;
    let project = step("prepare the project", || RealProject::make(paths, scratch.path().join("real")))?;
    let program = |name: &str| BuildProgram::spec_host(&host, &scratch.path().join(name));
    let file = |name: &str| scratch.path().join(name);
    let mut bench = RealBench {
        project,
        programs: [program("without"), program("with")],
        events: file("events"),
        recordings: [file("recording"), file("other-recording")],
        accounts: Accounts::default(),
        walls: [vec![], vec![]],
        lines: vec![],
    };
    let before = Load::now()?;
    step("first builds", || bench.first())?;
    for round in 0..options.rounds() {
        step("rebuilds", || bench.round(round))?;
    }
    step("rebuilds with other policies", || bench.other_policies())?;
    let after = Load::now()?;
    println!("\n{}\nload average {before} before, {after} after", bench.report());
    step("remove the caches", || Ok(scratch.close()?))
}

impl RealBench {
    /// Not measured.
    fn first(&mut self) -> Result<()> {
        for program in &mut self.programs {
            program.start_new_cache()?;
        }
        self.track()?;
        for predicting in [false, true] {
            output(&mut self.build(predicting))?;
        }
        Ok(())
    }

    /// Rebuilds after a change, in both ways; the first way changes from round to round.
    fn round(&mut self, round: usize) -> Result<()> {
        self.change()?;
        for turn in 0..2 {
            let predicting = (round + turn) % 2 == 1;
            let recording = self.recordings[usize::from(!predicting)].clone();
            let mut build = self.build(predicting);
            build.arg("--record").arg(&recording);
            settle()?;
            let start = Instant::now();
            output(&mut build)?;
            self.walls[usize::from(predicting)].push(start.elapsed());
            let subactions =
                output(self.command(predicting).args(["artifact", "subactions", "--json"]).args(ELEMENTS))?;
            self.accounts.add(predicting, &self.events, &subactions)?;
            if predicting {
                self.predicted()?;
                let replayed = self.replay(&recording, &["--priming-policy", "recorded"])?;
                let unprimed = self.replay(&recording, &["--priming-policy", "none"])?;
                self.lines.push(ReplayedBuild::of("replay", &replayed, &unprimed)?.to_string());
            } else {
                let replayed = self.replay(&recording, &[])?;
                self.lines
                    .push(ReplayedBuild::of("replay without predictions", &replayed, &replayed)?.to_string());
            }
        }
        Ok(())
    }

    /// Rebuilds with other policies, and what was predicted for them from the last recording with the usual one.
    fn other_policies(&mut self) -> Result<()> {
        let [usual, other] = self.recordings.clone();
        for policy in &OTHER_POLICIES {
            let predicted = self.replay(&usual, &policy.options())?;
            self.change()?;
            let mut build = self.build(true);
            settle()?;
            output(build.args(policy.options()).arg("--record").arg(&other))?;
            let built = self.replay(&other, &[])?;
            self.lines.push(compare_other(policy, &predicted, &built)?);
        }
        Ok(())
    }

    /// Commits to the submodule, and takes the commit.
    fn change(&mut self) -> Result<()> {
        self.project.change()?;
        self.track()
    }

    fn track(&self) -> Result<()> {
        output(self.command(true).args(["source", "track", "common.bst"])).map(drop)
    }

    fn build(&self, predicting: bool) -> Command {
        let mut build = self.command(predicting);
        build.arg("--json-events").arg(&self.events).args(["build", TARGET, "--speculation"]);
        build.arg(if predicting { "full" } else { "none" });
        build
    }

    fn command(&self, predicting: bool) -> Command {
        self.programs[usize::from(predicting)].command_in(self.project.path())
    }

    fn replay(&self, recording: &Path, options: &[&str]) -> Result<String> {
        let mut replay = self.command(true);
        output(replay.args(["policy", "replay", "--json"]).args(options).arg(recording))
    }

    /// Keeps what came of the predictions of the last build.
    fn predicted(&mut self) -> Result<()> {
        let events = events_of(&self.events)?;
        let told = events.iter().filter(|event| event["reason"] == "speculative-actions");
        for figures in told.filter_map(|event| event["figures"].as_object()) {
            let figures: Vec<String> =
                figures.iter().map(|(name, number)| format!("{name} {number}")).collect();
            self.lines.push(format!("predictions: {}", figures.join(", ")));
        }
        Ok(())
    }

    fn report(&self) -> String {
        let RealBench { accounts, walls, lines, .. } = self;
        let [without, with] = walls.each_ref().map(|walls| time(median(walls.clone())));
        let lines = lines.join("\n");
        let missed = accounts.missed();
        format!(
            "{accounts}\nall: {without} without predictions, {with} with; executed on request: {missed} at most\n{lines}"
        )
    }
}
