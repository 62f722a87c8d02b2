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
    let stat = ProcessStat::of("self").context("/proc/self/stat has numbers")?;
    Ok(stat.cpu_of_children)
}

/// The processor time of a process and all that it started, as far as they run or were waited for: multiples of 10 ms.
pub(super) fn cpu_of_process(process: u32) -> Result<Duration> {
    let numbers = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // One that ends meanwhile is not read.
    let mut all: Vec<(u32, ProcessStat)> =
        numbers.filter_map(|number| Some((number.parse().ok()?, ProcessStat::of(&number)?))).collect();
    let (mut family, mut cpu) = (vec![process], Duration::ZERO);
    while let Some(process) = family.pop() {
        family.extend(all.iter().filter(|(_, stat)| stat.parent == process).map(|(child, _)| *child));
        if let Some(at) = all.iter().position(|(number, _)| *number == process) {
            let (_, stat) = all.swap_remove(at);
            cpu += stat.cpu + stat.cpu_of_children;
        }
    }
    Ok(cpu)
}

/// Some of the fields of proc_pid_stat(5).
struct ProcessStat {
    parent: u32,
    cpu: Duration,
    cpu_of_children: Duration,
}

impl ProcessStat {
    fn of(process: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The program's name, before it, may have spaces.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |at: usize| Some(Duration::from_millis(10 * fields.get(at)?.parse::<u64>().ok()?));
        // `utime`, `stime`, `cutime` and `cstime`.
        let (cpu, cpu_of_children) = (ticks(11)? + ticks(12)?, ticks(13)? + ticks(14)?);
        Some(Self { parent: fields.get(1)?.parse().ok()?, cpu, cpu_of_children })
    }
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
