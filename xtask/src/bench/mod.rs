//! The benchmark: spec-host beside BuildStream on the example project, on this machine, in one run.
//! All figures are medians of wall time.

mod by_hand;
mod contenders;
mod table;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;

use self::by_hand::Chroot;
use self::contenders::{Contender, Project};
use self::table::{Row, Table, Target};
use crate::bst::Bst;
use crate::command::output;
use crate::paths::Paths;
use crate::steps::step;
use crate::{example, guests, hello};

/// How often to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs of each figure, of which the median counts
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// Runs of what takes BuildStream long: the import of the base, and the build of app
    #[arg(long, default_value_t = 3)]
    long_runs: u32,
}

/// Measures everything and prints the table.
pub(crate) fn run(paths: &Paths, options: &Options) -> Result<()> {
    step("compile the element kinds", || guests::run(paths))?;
    let example = step("prepare the example", || example::run(paths))?;
    let host = step("compile spec-host", || hello::build_host(paths))?;
    let bst = step("install BuildStream", || Bst::install(paths))?;

    let scratch = tempfile::Builder::new().prefix("bench-").tempdir_in(paths.target())?;
    let project = Project::copy(&example, &scratch.path().join("hello"))?;
    let ours = Contender::spec_host(&host, &scratch.path().join("ours"))?;
    let theirs = Contender::bst(&bst, &scratch.path().join("theirs"))?;
    let chroot = step("unpack the base for builds by hand", || Chroot::unpack(paths, &project))?;

    let mut table = Table::default();
    step("import of the base", || import(&mut table, options, &project, [&ours, &theirs]))?;
    step("nothing to do", || nothing(&mut table, options, &project, [&ours, &theirs]))?;
    step("cold build of app", || app(&mut table, options, &project, [&ours, &theirs], &chroot))?;
    step("inside spec-host", || inside(&mut table, options, &ours, &project, &chroot))?;
    println!("\n{table}");
    Ok(())
}

/// Imports the base into an empty cache.
fn import(table: &mut Table, options: &Options, project: &Project, both: [&Contender; 2]) -> Result<()> {
    let [ours, theirs] = both.map(|contender| {
        median(options.long_runs, || {
            contender.forget()?;
            contender.build(project, "debian.bst")
        })
    });
    table.add(Row::beside("import of the 600 MB base", ours?, "bst", theirs?, Target::Ratio(1.0 / 8.0)));
    Ok(())
}

/// Builds again what was just built.
fn nothing(table: &mut Table, options: &Options, project: &Project, both: [&Contender; 2]) -> Result<()> {
    let [ours, theirs] = both.map(|contender| {
        contender.build(project, "all.bst")?;
        median(options.runs, || contender.build(project, "all.bst"))
    });
    table.add(Row::beside("nothing to do", ours?, "bst", theirs?, Target::Ratio(1.0 / 40.0)));
    Ok(())
}

/// Builds app, changed for every run, on a base that is there.
fn app(
    table: &mut Table,
    options: &Options,
    project: &Project,
    both: [&Contender; 2],
    chroot: &Chroot,
) -> Result<()> {
    let mut runs = 0;
    let [ours, theirs] = both.map(|contender| {
        median(options.long_runs, || {
            runs += 1;
            project.change_app(runs)?;
            contender.build(project, "app.bst")
        })
    });
    let by_hand = median(options.long_runs, || chroot.build_app())?;
    let ours = ours?;
    table.add(Row::beside("cold build of app", ours, "by hand", by_hand, Target::Ratio(1.15)));
    table.add(Row::beside("cold build of app", ours, "bst", theirs?, Target::None));
    Ok(())
}

/// What spec-host measures in itself: too short to be seen from outside.
fn inside(
    table: &mut Table,
    options: &Options,
    ours: &Contender,
    project: &Project,
    chroot: &Chroot,
) -> Result<()> {
    let runs = options.runs.to_string();
    let json = output(ours.command(project).args(["bench", "--element", "debian.bst", "--runs", &runs]))?;
    let figures: Value = serde_json::from_str(&json).context("`spec-host bench` prints JSON")?;
    let figure = |name: &str| {
        let microseconds =
            figures[name].as_f64().with_context(|| format!("`spec-host bench` has no {name}"))?;
        Ok::<_, anyhow::Error>(Duration::from_secs_f64(microseconds / 1e6))
    };
    let bwrap = median(options.runs * 4, || chroot.run_true())?;
    let limit = |milliseconds| Target::Below(Duration::from_micros(milliseconds));
    table.add(Row::beside(
        "/bin/true in the sandbox",
        figure("sandbox_true_us")?,
        "bwrap",
        bwrap,
        limit(8_000),
    ));
    table.add(Row::alone("call into a component", figure("component_call_us")?, limit(50)));
    table.add(Row::alone("load all components, cached", figure("components_load_us")?, limit(30_000)));
    Ok(())
}

/// The median time of some runs.
fn median(runs: u32, mut run: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut times = vec![];
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}
