//! The result of running a target, from libFuzzer's log.

use std::path::PathBuf;
use std::time::Duration;

/// The result of running a target.
pub(super) struct FuzzOutcome {
    runs: u64,
    time: Duration,
    /// Edges of the code that were covered by the corpus at the beginning, and at the end.
    coverage: [u64; 2],
    /// Inputs that break a promise.
    pub(super) finds: Vec<PathBuf>,
}

impl FuzzOutcome {
    /// Reads the log of a run.
    pub(super) fn of(log: &str, time: Duration, finds: Vec<PathBuf>) -> FuzzOutcome {
        let mut coverage = [0; 2];
        let mut runs = 0;
        for line in log.lines().filter(|line| line.starts_with('#')) {
            runs = number(&line[1..]).max(runs);
            let Some((_, rest)) = line.split_once(" cov: ") else { continue };
            coverage[1] = number(rest);
            if line.contains("\tINITED ") {
                coverage[0] = coverage[1];
            }
        }
        let total = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        let runs = total.map_or(runs, |total| number(total.trim_start()));
        FuzzOutcome { runs, time, coverage, finds }
    }

    /// The row of a table.
    pub(super) fn cells(&self, name: &str) -> [String; 5] {
        let [before, after] = self.coverage;
        let coverage = format!("{} of {after}", after.saturating_sub(before));
        let seconds = format!("{:.0}", self.time.as_secs_f64());
        [name.to_owned(), self.runs.to_string(), seconds, coverage, self.finds.len().to_string()]
    }
}

/// The number that a text begins with; 0 where it does not.
fn number(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests;
