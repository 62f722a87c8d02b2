//! The benchmarks: compare spec-host with its peers on this machine in one run.

mod base;
mod builds;
mod by_hand;
mod loading;
mod measure;
mod programs;
mod real_builds;
mod reapi;
mod records;
mod speculation;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use tempfile::TempDir;

use crate::hello;
use crate::paths::Paths;

pub(crate) use table::draw;

/// What to measure, and how often.
#[derive(Args)]
pub(crate) struct BenchOptions {
    /// What to compare: builds with BuildStream, `show` of a generated distribution with BuildStream, the server with buildbox-casd, speculative actions with builds without,
    /// the same in a simulated cluster, with that cluster behind a wire, with BuildGrid's workers, builds with replays of
    /// their recordings, rebuilds of Debian's source archives, transfers with casd's clients, or what a shared cache behind a slow wire has
    #[arg(value_enum, default_value = "builds")]
    what: What,
    /// Measure less often
    #[arg(long)]
    quick: bool,
    /// Measure this binary of spec-host, compiled with the feature `bench`, instead of one compiled now
    #[arg(long)]
    host: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Builds,
    Loading,
    Reapi,
    Speculation,
    Cluster,
    RemoteCluster,
    Buildgrid,
    Replays,
    RealBuilds,
    Transfers,
    Records,
}

impl BenchOptions {
    /// The binary to measure.
    fn host(&self, paths: &Paths) -> Result<PathBuf> {
        hello::named_or_built(paths, self.host.as_deref(), &["spec-host/bench"])
    }

    /// The number of runs of figures that take seconds: imports, builds, trees.
    fn long_runs(&self) -> usize {
        if self.quick { 1 } else { 5 }
    }

    /// The number of runs of figures that move half a gigabyte, of requests, and of builds of many elements.
    fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    fn runs(&self) -> usize {
        if self.quick { 5 } else { 15 }
    }

    /// The number of pairs of builds whose difference is small compared with other influences.
    fn pairs(&self) -> usize {
        if self.quick { 5 } else { 60 }
    }

    /// The number of runs of figures that take milliseconds.
    fn short_runs(&self) -> usize {
        if self.quick { 50 } else { 200 }
    }
}

/// Measures everything and prints the table.
pub(crate) fn run(paths: &Paths, options: BenchOptions) -> Result<()> {
    match options.what {
        What::Builds => builds::run(paths, options),
        What::Loading => loading::run(paths, &options),
        What::Reapi => reapi::run(paths, &options),
        What::Speculation => speculation::run(paths, &options),
        What::Cluster => speculation::run_in_cluster(paths, &options),
        What::RemoteCluster => speculation::run_behind_a_wire(paths, &options),
        What::Buildgrid => speculation::run_on_buildgrid(paths, &options),
        What::Replays => speculation::run_replays(paths, &options),
        What::RealBuilds => real_builds::run(paths, &options),
        What::Transfers => reapi::transfers::run(paths, &options),
        What::Records => records::run(paths, &options),
    }
}

/// A new folder in `folder`; removes what killed benchmarks left there.
fn scratch(folder: &Path) -> Result<TempDir> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        println!("removing what a killed benchmark left; for five minutes ext4 will make files slowly");
        fs::remove_dir_all(folder)?;
        fs::create_dir(folder)?;
    }
    Ok(TempDir::new_in(folder)?)
}
