//! Times of whole programs, taken in turn so that whatever else the machine does troubles all of them.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::command::{command, show};

/// What is measured; it gets the number of the run.
pub(super) type Measured<'a> = &'a mut dyn FnMut(usize) -> Result<()>;

/// The median wall time of each, over so many rounds in which each runs once.
pub(super) fn medians<const N: usize>(runs: usize, mut all: [Measured<'_>; N]) -> Result<[Duration; N]> {
    let mut times = [const { Vec::new() }; N];
    for run in 0..runs {
        for (measured, times) in all.iter_mut().zip(&mut times) {
            // What one of them wrote shall not be written to the disk while another is measured.
            show(&mut command("sync", [""; 0]))?;
            let start = Instant::now();
            measured(run)?;
            times.push(start.elapsed());
        }
    }
    Ok(times.map(median))
}

/// The one in the middle; there has to be one.
pub(super) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The average number of processes that wanted to run during the last minute.
pub(super) struct Load(String);

impl Load {
    pub(super) fn now() -> Result<Load> {
        let text = fs::read_to_string("/proc/loadavg")?;
        Ok(Load(text.split(' ').next().context("/proc/loadavg is empty")?.to_owned()))
    }
}

impl Display for Load {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
