//! Builds: spec-host beside BuildStream and the same work by hand.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::BenchOptions;
use super::base::Base;
use super::by_hand::Chroot;
use super::measure::{Load, medians};
use super::programs::{BuildProgram, Project};
use super::scratch;
use super::table::{Row, Table, Target};
use crate::bst::Bst;
use crate::command::output;
use crate::example;
use crate::lock::Lock;
use crate::paths::Paths;
use crate::steps::step;

/// All that takes part.
struct BuildBench {
    options: BenchOptions,
    project: Project,
    ours: BuildProgram,
    theirs: BuildProgram,
    chroot: Chroot,
    table: Table,
}

/// Measures everything and prints the table.
pub(super) fn run(paths: &Paths, options: BenchOptions) -> Result<()> {
    let host = options.host(paths)?;
    let example = step("prepare the example", || example::run(paths))?;
    let bst = step("install BuildStream", || Bst::install(paths))?;
    let folder = paths.target().join("bench");
    let _lock = Lock::take(&folder)?;
    let scratch = scratch(&folder)?;
    let project = Project::copy(&example, &scratch.path().join("hello"))?;
    let mut bench = BuildBench {
        options,
        ours: BuildProgram::spec_host(&host, &scratch.path().join("ours")),
        theirs: BuildProgram::bst(&bst, &scratch.path().join("theirs")),
        chroot: step("unpack the base for builds by hand", || {
            Ok(Chroot::new(Base::unpack(paths)?, &project))
        })?,
        project,
        table: Table::default(),
    };
    let before = Load::now()?;
    step("import of the base", || bench.import())?;
    step("build of everything", || bench.build_all())?;
    step("nothing to do", || bench.nothing())?;
    step("cold build of app", || bench.app())?;
    step("inside spec-host", || bench.inside())?;
    let after = Load::now()?;
    println!("\n{}\nload average {before} before, {after} after", bench.table);
    step("remove the caches", || Ok(scratch.close()?))
}

impl BuildBench {
    /// Imports the base into an empty cache.
    fn import(&mut self) -> Result<()> {
        let BuildBench { project, ours, theirs, .. } = self;
        let import = |program: &mut BuildProgram| {
            program.start_new_cache()?;
            program.build(project, "debian.bst")
        };
        let [ours, theirs] =
            medians(self.options.long_runs(), [&mut |_| import(ours), &mut |_| import(theirs)])?;
        self.table.add(Row::beside("import of the base", ours, "bst", theirs, Target::Ratio(1.0 / 8.0)));
        Ok(())
    }

    /// Not measured. Afterwards the base is staged for all programs.
    fn build_all(&self) -> Result<()> {
        [&self.ours, &self.theirs].into_iter().try_for_each(|one| one.build(&self.project, "all.bst"))
    }

    /// Builds again what was just built.
    fn nothing(&mut self) -> Result<()> {
        let build = |program: &BuildProgram| program.build(&self.project, "all.bst");
        let [ours, theirs] =
            medians(self.options.runs(), [&mut |_| build(&self.ours), &mut |_| build(&self.theirs)])?;
        self.table.add(Row::beside("nothing to do", ours, "bst", theirs, Target::Ratio(1.0 / 40.0)));
        Ok(())
    }

    /// Builds app, changed for every run, on a base that is staged.
    fn app(&mut self) -> Result<()> {
        let build = |program: &BuildProgram, run| {
            self.project.change_app(run)?;
            program.build(&self.project, "app.bst")
        };
        let [ours, by_hand, theirs] = medians(
            self.options.long_runs(),
            [&mut |run| build(&self.ours, run), &mut |_| self.chroot.build_app(), &mut |run| {
                build(&self.theirs, run)
            }],
        )?;
        self.table.add(Row::beside("cold build of app", ours, "by hand", by_hand, Target::Ratio(1.15)));
        self.table.add(Row::beside("cold build of app", ours, "bst", theirs, Target::None));
        Ok(())
    }

    /// The figures that spec-host measures itself, because they are too short to be measured from outside.
    fn inside(&mut self) -> Result<()> {
        let runs = self.options.short_runs();
        let mut command = self.ours.command(&self.project);
        command.args(["bench", "--element", "debian.bst", "--runs", &runs.to_string()]);
        let figures: Value =
            serde_json::from_str(&output(&mut command)?).context("`spec-host bench` prints JSON")?;
        let figure = |name: &str| {
            let time = figures[name].as_f64().with_context(|| format!("`spec-host bench` has no {name}"))?;
            Ok::<_, anyhow::Error>(Duration::from_secs_f64(time / 1e6))
        };
        let [bwrap] = medians(runs, [&mut |_| self.chroot.run_true()])?;
        let below = |microseconds| Target::Below(Duration::from_micros(microseconds));
        let (sandbox, call, load) =
            (figure("sandbox_true_us")?, figure("component_call_us")?, figure("components_load_us")?);
        self.table.add(Row::beside("/bin/true in the sandbox", sandbox, "bwrap", bwrap, below(8_000)));
        self.table.add(Row::alone("call into a component", call, below(50)));
        self.table.add(Row::alone("load of all components", load, below(30_000)));
        Ok(())
    }
}
