//! Measures requests with a client that does nothing else: the example `reapi_bench` of spec-remote.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use super::super::measure::median;
use crate::command::{command, output, show};
use crate::paths::Paths;

/// The client. Every figure of every round has a seed of its own, which both servers get.
pub(super) struct Client {
    program: PathBuf,
}

/// Selects times of a run.
#[derive(Clone, Copy)]
pub(super) enum Part {
    All,
    /// The first half: the data is new to the server.
    Cold,
    /// The second half: the same again.
    Again,
}

impl Client {
    pub(super) fn build(paths: &Paths) -> Result<Client> {
        let mut cargo =
            command("cargo", ["build", "--release", "-p", "spec-remote", "--example", "reapi_bench"]);
        show(cargo.current_dir(&paths.root))?;
        Ok(Client { program: paths.release().join("examples/reapi_bench") })
    }

    /// The times of one run of a figure.
    pub(super) fn times(&self, url: &str, figure: &str, seed: u64, chroot: &str) -> Result<Vec<Duration>> {
        let lines =
            output(command(&self.program, [url, figure, &seed.to_string(), chroot]).env("LC_ALL", "C"))?;
        let times = lines.lines().map(|line| line.parse().map(Duration::from_secs_f64));
        times.collect::<Result<_, _>>().with_context(|| format!("{figure}: a time is a number of seconds"))
    }
}

impl Part {
    /// The median of this part of all rounds.
    pub(super) fn median(self, rounds: &[Vec<Duration>]) -> Duration {
        let of = |times: &Vec<Duration>| {
            let (cold, again) = times.split_at(times.len() / 2);
            match self {
                Part::All => times.clone(),
                Part::Cold => cold.to_vec(),
                Part::Again => again.to_vec(),
            }
        };
        median(rounds.iter().flat_map(of).collect())
    }
}
