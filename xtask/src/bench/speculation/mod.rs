//! Speculative actions: the same builds after the same changes, in four ways that take turns.

mod arm;
mod chain;
mod cluster;
mod comparison;
mod runner;
mod sample;
mod subject;
mod useless;

use std::fs;

use anyhow::{Context, Result};

use self::arm::Arm;
use self::comparison::Comparison;
use self::runner::{Place, Runner};
use self::sample::Sample;
use self::subject::Subject;
use super::measure::Load;
use super::programs::Project;
use super::table::reached;
use super::{BenchOptions, scratch};
use crate::lock::Lock;
use crate::paths::Paths;
use crate::steps::step;
use crate::{example, guests};

/// Without predictions and with them.
const PAIR: [Arm; 2] = [Arm::Shared, Arm::Ours];

/// How much slower predictions that are all wrong may make a build, in percent.
const MOST_PERCENT: f64 = 2.0;

/// The programs and folders of the benchmark.
struct SpeculationBench {
    project: Project,
    runners: Vec<Runner>,
    /// How often the header was changed; the number makes each of its texts unique.
    edits: usize,
}

/// Measures everything on this machine and prints the tables.
pub(super) fn run(paths: &Paths, options: &BenchOptions) -> Result<()> {
    measure(paths, options, &Arm::ALL, Place::Here, SpeculationBench::all)
}

/// Measures the chain in a simulated cluster and prints the table.
pub(super) fn run_in_cluster(paths: &Paths, options: &BenchOptions) -> Result<()> {
    measure(paths, options, &PAIR, Place::Cluster, SpeculationBench::chain)
}

fn measure(
    paths: &Paths,
    options: &BenchOptions,
    arms: &[Arm],
    place: Place,
    tables: fn(&mut SpeculationBench, &BenchOptions) -> Result<String>,
) -> Result<()> {
    let host = options.host(paths)?;
    step("compile the policies", || guests::run(paths))?;
    let example = step("prepare the example", || example::run(paths))?;
    let folder = paths.target().join("bench");
    let _lock = Lock::take(&folder)?;
    let scratch = scratch(&folder)?;
    let project = Project::copy(&example, &scratch.path().join("hello"))?;
    let prototype = paths.components().join("overlay-prototype.wasm");
    let runner = |arm: &Arm| Runner::new(*arm, place, &host, &prototype, scratch.path());
    let mut bench = SpeculationBench { project, runners: arms.iter().map(runner).collect(), edits: 0 };
    let before = Load::now()?;
    step("import of the base", || bench.import())?;
    let tables = tables(&mut bench, options)?;
    let after = Load::now()?;
    println!("\n{tables}\nload average {before} before, {after} after");
    step("remove the caches", || Ok(scratch.close()?))
}

impl SpeculationBench {
    /// The tables of all subjects.
    fn all(&mut self, options: &BenchOptions) -> Result<String> {
        let app = Subject { title: "app of the example".to_owned(), elements: vec!["app.bst".to_owned()] };
        let chain = chain::write(self.project.path())?;
        let app = step("app of the example", || self.compare(&app, &Arm::ALL, options.long_runs()))?;
        let chain = step("the chain", || self.compare(&chain, &Arm::ALL, options.rounds()))?;
        let useless = step("useless predictions", || self.useless(options.pairs()))?;
        let slower = useless.percent_slower(Arm::Ours, Arm::Shared);
        let reached = reached(slower <= MOST_PERCENT);
        let target = format!("target: ≤ {MOST_PERCENT:.0} %, reached: {reached}");
        Ok(format!("{app}\n{chain}\n{useless}\nslower, the median of pairs: {slower:.1} % ({target})"))
    }

    /// The table of the chain.
    fn chain(&mut self, options: &BenchOptions) -> Result<String> {
        let chain = chain::write(self.project.path())?;
        let chain = step("the chain in the cluster", || self.compare(&chain, &PAIR, options.rounds()))?;
        let verdict = cluster::Verdict::of(&chain);
        Ok(format!("{chain}\n{verdict}"))
    }

    /// Not measured. Afterwards the base is in all caches.
    fn import(&mut self) -> Result<()> {
        self.runners.iter_mut().try_for_each(|runner| runner.import(&self.project))
    }

    /// Builds a subject once in every way, and then anew after each change of the header.
    fn compare(&mut self, subject: &Subject, arms: &[Arm], rounds: usize) -> Result<Comparison> {
        self.edit()?;
        for arm in arms {
            self.build(*arm, subject)?;
        }
        let mut comparison = Comparison::new(&subject.title, arms);
        for round in 0..rounds {
            self.edit()?;
            for arm in turns(arms, round) {
                comparison.add(arm, self.build(arm, subject)?);
            }
        }
        Ok(comparison)
    }

    /// Builds after a first change, of elements that were built once before. Every build has its own element, all in
    /// one cache, because the speed of two caches may differ by more than the measured difference.
    fn useless(&mut self, pairs: usize) -> Result<Comparison> {
        let mut comparison = Comparison::new("all predictions are wrong", &PAIR);
        for pair in 0..pairs {
            let mut subjects = Vec::new();
            self.edit()?;
            for arm in turns(&PAIR, pair) {
                let subject = useless::write(self.project.path(), &format!("{arm:?}{pair}"))?;
                self.in_one_cache(arm, &subject)?;
                subjects.push((arm, subject));
            }
            self.edit()?;
            for (arm, subject) in subjects {
                comparison.add(arm, self.in_one_cache(arm, &subject)?);
            }
        }
        Ok(comparison)
    }

    fn in_one_cache(&self, arm: Arm, subject: &Subject) -> Result<Sample> {
        self.runner(Arm::Ours)?.as_arm(arm).build(&self.project, subject)
    }

    fn build(&self, arm: Arm, subject: &Subject) -> Result<Sample> {
        let sample = self.runner(arm)?.build(&self.project, subject);
        sample.with_context(|| format!("{}, {}", subject.title, arm.title()))
    }

    fn runner(&self, arm: Arm) -> Result<&Runner> {
        self.runners.iter().find(|runner| runner.arm == arm).context("every way has a runner")
    }

    /// Changes the header that everything includes.
    fn edit(&mut self) -> Result<()> {
        self.edits += 1;
        let text = format!("#define DEP_VERSION \"edit {}\"\n#define DEP_ANSWER 42\n", self.edits);
        fs::write(self.project.path().join("files/dep/include/dep.h"), text).context("cannot write dep.h")
    }
}

/// The order of a round; the first way changes from round to round.
fn turns(arms: &[Arm], round: usize) -> impl Iterator<Item = Arm> {
    (0..arms.len()).map(move |turn| arms[(round + turn) % arms.len()])
}
