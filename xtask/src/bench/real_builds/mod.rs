//! Libraries and programs of Debian's source archives, rebuilt after a change of the library below all of them: without
//! predictions, with them, and after a priming run of its own; and how far replays of the recorded rebuilds are from these.

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

/// How a rebuild uses predictions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Without,
    /// It primes while it builds.
    With,
    /// `spec-host prime` ran before it, as after a push.
    AfterPrime,
}

const WAYS: [Way; 3] = [Way::Without, Way::With, Way::AfterPrime];

/// The programs and folders of the benchmark.
struct RealBench {
    project: RealProject,
    /// Of each way, each with its own cache.
    programs: [BuildProgram; 3],
    events: PathBuf,
    recordings: [PathBuf; 2],
    accounts: Accounts,
    walls: [Vec<Duration>; 3],
    primes: Vec<Duration>,
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
        programs: ["without", "with", "after-prime"].map(program),
        events: file("events"),
        recordings: [file("recording"), file("other-recording")],
        accounts: Accounts::default(),
        walls: [vec![], vec![], vec![]],
        primes: vec![],
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
        for way in WAYS {
            output(&mut self.build(way))?;
        }
        Ok(())
    }

    /// Rebuilds after a change, in each way; which way is first changes from round to round.
    fn round(&mut self, round: usize) -> Result<()> {
        self.change()?;
        for turn in 0..WAYS.len() {
            self.rebuild(WAYS[(round + turn) % WAYS.len()])?;
        }
        Ok(())
    }

    fn rebuild(&mut self, way: Way) -> Result<()> {
        if way == Way::AfterPrime {
            let start = Instant::now();
            output(self.command(way).args(["prime", TARGET]))?;
            self.primes.push(start.elapsed());
        }
        let recording = self.recordings[usize::from(way != Way::With)].clone();
        let mut build = self.build(way);
        build.arg("--record").arg(&recording);
        settle()?;
        let start = Instant::now();
        output(&mut build)?;
        self.walls[way as usize].push(start.elapsed());
        let subactions = output(self.command(way).args(["artifact", "subactions", "--json"]).args(ELEMENTS))?;
        self.accounts.add(way, &self.events, &subactions)?;
        self.replay_recorded(way, &recording)
    }

    /// Compares what a replay says of a build with what it took.
    fn replay_recorded(&mut self, way: Way, recording: &Path) -> Result<()> {
        let line = match way {
            Way::Without => {
                let replayed = self.replay(recording, &[])?;
                ReplayedBuild::of("replay without predictions", &replayed, &replayed)?
            }
            Way::With => {
                self.predicted("predictions")?;
                let replayed = self.replay(recording, &["--priming-policy", "recorded"])?;
                let unprimed = self.replay(recording, &["--priming-policy", "none"])?;
                ReplayedBuild::of("replay", &replayed, &unprimed)?
            }
            Way::AfterPrime => return self.predicted("predictions after prime"),
        };
        self.lines.push(line.to_string());
        Ok(())
    }

    /// Rebuilds with other policies, and what was predicted for them from the last recording with the usual one.
    fn other_policies(&mut self) -> Result<()> {
        let [usual, other] = self.recordings.clone();
        for policy in &OTHER_POLICIES {
            let predicted = self.replay(&usual, &policy.options())?;
            self.change()?;
            let mut build = self.build(Way::With);
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
        output(self.command(Way::With).args(["source", "track", "common.bst"])).map(drop)
    }

    fn build(&self, way: Way) -> Command {
        let mut build = self.command(way);
        build.arg("--json-events").arg(&self.events).args(["build", TARGET, "--speculation"]);
        build.arg(if way == Way::Without { "none" } else { "full" });
        build
    }

    fn command(&self, way: Way) -> Command {
        self.programs[way as usize].command_in(self.project.path())
    }

    fn replay(&self, recording: &Path, options: &[&str]) -> Result<String> {
        let mut replay = self.command(Way::With);
        output(replay.args(["policy", "replay", "--json"]).args(options).arg(recording))
    }

    /// Keeps what came of the predictions of the last build.
    fn predicted(&mut self, title: &str) -> Result<()> {
        let events = events_of(&self.events)?;
        let told = events.iter().filter(|event| event["reason"] == "speculative-actions");
        for figures in told.filter_map(|event| event["figures"].as_object()) {
            let figures: Vec<String> =
                figures.iter().map(|(name, number)| format!("{name} {number}")).collect();
            self.lines.push(format!("{title}: {}", figures.join(", ")));
        }
        Ok(())
    }

    fn report(&self) -> String {
        let RealBench { accounts, walls, primes, lines, .. } = self;
        let [without, with, after] = walls.each_ref().map(|walls| time(median(walls.clone())));
        let prime = time(median(primes.clone()));
        let [with_missed, after_missed] = [Way::With, Way::AfterPrime].map(|way| accounts.missed(way));
        let lines = lines.join("\n");
        format!(
            "{accounts}\nall: {without} without predictions, {with} with, {after} after a priming run of {prime}; \
             executed on request, at most: {with_missed} with, {after_missed} after the priming run\n{lines}"
        )
    }
}
