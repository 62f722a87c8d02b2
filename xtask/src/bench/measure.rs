//! Measures whole programs in turn, so that other work of the machine affects all of them.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::command::{command, show};

/// The measured function; it gets the number of the run.
pub(super) type Measured<'a> = &'a mut dyn FnMut(usize) -> Result<()>;

/// The median wall time of each, over so many rounds in which each runs once.
pub(super) fn medians<const N: usize>(runs: usize, mut all: [Measured<'_>; N]) -> Result<[Duration; N]> {
    let mut times = [const { Vec::new() }; N];
    for run in 0..runs {
        for (measured, times) in all.iter_mut().zip(&mut times) {
            settle()?;
            let start = Instant::now();
            measured(run)?;
            times.push(start.elapsed());
        }
    }
    Ok(times.map(median))
}

/// Flushes earlier writes, so that they do not happen during a measurement.
pub(super) fn settle() -> Result<()> {
    show(&mut command("sync", [""; 0]))
}

/// The median; there must be at least one value.
pub(super) fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

/// The processor time of all processes that this program waited for, and of those that they waited for: multiples of 10
/// ms.
pub(super) fn cpu_of_children() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The program's name, before it, may have spaces.
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat has the program's name")?;
    // `cutime` and `cstime` of proc_pid_stat(5).
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<u64>);
    let ticks: Vec<u64> = ticks.collect::<Result<_, _>>().context("/proc/self/stat has numbers")?;
    Ok(Duration::from_millis(10 * ticks.iter().sum::<u64>()))
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
