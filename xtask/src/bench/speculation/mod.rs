//! Speculative actions: the same builds after the same changes, in four ways that take turns.

mod arm;
mod chain;
mod cluster;
mod comparison;
mod engine;
mod fidelity;
mod runner;
mod sample;
mod subject;
mod useless;

use std::fs;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use spec_testkit::engines::EngineRoot;

use self::arm::Arm;
use self::comparison::Comparison;
use self::engine::EngineKind;
pub(super) use self::fidelity::{OTHER_POLICIES, ReplayedBuild, compare_other};
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
use crate::{base, buildgrid, example, guests};

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
    measure(paths, options, &Arm::ALL, &|_| Ok(Place::Here), &SpeculationBench::all)
}

/// Measures the chain in a simulated cluster and prints the table.
pub(super) fn run_in_cluster(paths: &Paths, options: &BenchOptions) -> Result<()> {
    let chain = |bench: &mut SpeculationBench, options: &BenchOptions| {
        let chain = bench.chain("the chain in the cluster", options.rounds())?;
        Ok(format!("{chain}\n{}", cluster::Verdict::of(&chain, cluster::MOST_ABOVE)))
    };
    measure(paths, options, &PAIR, &|_| Ok(Place::Cluster), &chain)
}

/// Records builds of the example and of the chain, replays the recordings, and prints how far the predicted times are from the
/// recorded ones.
pub(super) fn run_replays(paths: &Paths, options: &BenchOptions) -> Result<()> {
    let replays = |bench: &mut SpeculationBench, options: &BenchOptions| bench.replays(options.rounds());
    measure(paths, options, &[Arm::Ours], &|_| Ok(Place::Here), &replays)
}

/// Round trips to a cluster, and how far above the bound a build may be there.
const ROUND_TRIPS: [(Duration, f64); 2] =
    [(Duration::from_millis(1), cluster::MOST_ABOVE), (Duration::from_millis(50), 1.3)];

/// How many actions of the chain may be executed on request where real workers execute them.
const MOST_ON_REQUEST: u64 = 2;

/// Measures the chain with a simulated cluster behind a wire, and prints the tables.
pub(super) fn run_behind_a_wire(paths: &Paths, options: &BenchOptions) -> Result<()> {
    ROUND_TRIPS.into_iter().try_for_each(|(round_trip, most_above)| {
        let kind = EngineKind::SimulatedCluster(round_trip);
        on_engine(paths, options, kind, options.rounds(), &|chain| {
            cluster::Verdict::of(chain, most_above).to_string()
        })
    })
}

/// Measures the chain with two real workers of BuildGrid, and prints the table.
pub(super) fn run_on_buildgrid(paths: &Paths, options: &BenchOptions) -> Result<()> {
    on_engine(paths, options, EngineKind::BuildGrid(2), 1, &|chain| {
        let on_request = chain.executed(Arm::Ours);
        let reached = reached(on_request <= MOST_ON_REQUEST);
        format!("executed on request: {on_request} (target: ≤ {MOST_ON_REQUEST}, reached: {reached})")
    })
}

/// Measures the chain with an engine for each way of building, and prints the table.
fn on_engine(
    paths: &Paths,
    options: &BenchOptions,
    kind: EngineKind,
    rounds: usize,
    verdict: &dyn Fn(&Comparison) -> String,
) -> Result<()> {
    let host = options.host(paths)?;
    let base = step("unpack the base", || base::unpack(paths))?;
    let grid = step("unpack BuildGrid", || buildgrid::run(paths))?;
    let roots = [EngineRoot::new(&grid), EngineRoot::new(&base)];
    let place = |_: Arm| Ok(Place::Engine(Rc::new(kind.start(&host, &roots))));
    let chain = |bench: &mut SpeculationBench, _: &BenchOptions| {
        let chain = bench.chain(&kind.title(), rounds)?;
        Ok(format!("{}\n{chain}\n{}", kind.title(), verdict(&chain)))
    };
    measure(paths, options, &PAIR, &place, &chain)
}

fn measure(
    paths: &Paths,
    options: &BenchOptions,
    arms: &[Arm],
    place: &dyn Fn(Arm) -> Result<Place>,
    tables: &dyn Fn(&mut SpeculationBench, &BenchOptions) -> Result<String>,
) -> Result<()> {
    let host = options.host(paths)?;
    if arms.contains(&Arm::Prototype) {
        step("compile the policies", || guests::run(paths))?;
    }
    let example = step("prepare the example", || example::run(paths))?;
    let folder = paths.target().join("bench");
    let _lock = Lock::take(&folder)?;
    let scratch = scratch(&folder)?;
    let project = Project::copy(&example, &scratch.path().join("hello"))?;
    let prototype = paths.components().join("overlay-prototype.wasm");
    let runner = |arm: &Arm| Ok(Runner::new(*arm, place(*arm)?, &host, &prototype, scratch.path()));
    let runners = arms.iter().map(runner).collect::<Result<_>>()?;
    let mut bench = SpeculationBench { project, runners, edits: 0 };
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

    /// The chain with and without predictions.
    fn chain(&mut self, step_name: &str, rounds: usize) -> Result<Comparison> {
        let chain = chain::write(self.project.path())?;
        let chain = step(step_name, || self.compare(&chain, &PAIR, rounds))?;
        self.runners.iter().try_for_each(Runner::check)?;
        Ok(chain)
    }

    fn replays(&mut self, rounds: usize) -> Result<String> {
        let app = Subject { title: "app of the example".to_owned(), elements: vec!["app.bst".to_owned()] };
        let subjects = [app, chain::write(self.project.path())?];
        let mut lines = Vec::new();
        for subject in &subjects {
            self.edit()?;
            self.build(Arm::Ours, subject)?;
            for _ in 0..rounds {
                self.edit()?;
                let replayed = self.runner(Arm::Ours)?.record_and_replay(&self.project, subject);
                lines.push(replayed.with_context(|| subject.title.clone())?.to_string());
                for policy in &OTHER_POLICIES {
                    let predicted = self.runner(Arm::Ours)?.predict(&self.project, policy)?;
                    self.edit()?;
                    let built = self.runner(Arm::Ours)?.build_with(&self.project, subject, policy)?;
                    lines.push(compare_other(policy, &predicted, &built)?);
                }
            }
        }
        Ok(lines.join("\n"))
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
