//! Compares the ways of building.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::super::measure::median;
use super::super::table::{draw, time};
use super::arm::Arm;
use super::sample::Sample;

/// The builds of one subject: in every round one in each way, after the same change.
pub(super) struct Comparison {
    title: String,
    arms: Vec<(Arm, Vec<Sample>)>,
}

impl Comparison {
    pub(super) fn new(title: &str, arms: &[Arm]) -> Comparison {
        Comparison { title: title.to_owned(), arms: arms.iter().map(|arm| (*arm, vec![])).collect() }
    }

    pub(super) fn add(&mut self, arm: Arm, sample: Sample) {
        let of_arm = self.arms.iter_mut().filter(|(one, _)| *one == arm);
        of_arm.for_each(|(_, samples)| samples.push(sample));
    }

    /// The median wall time of one way.
    pub(super) fn wall(&self, wanted: Arm) -> Duration {
        let of_arm = self.arms.iter().filter(|(arm, _)| *arm == wanted);
        median(of_arm.flat_map(|(_, samples)| samples).map(|sample| sample.wall).collect())
    }

    /// The most actions that a build of one way had executed on request.
    pub(super) fn executed(&self, wanted: Arm) -> u64 {
        let of_arm = self.arms.iter().filter(|(arm, _)| *arm == wanted);
        of_arm.flat_map(|(_, samples)| samples).map(|sample| sample.executed).max().unwrap_or_default()
    }

    /// By how much one way's wall time is above another's, in percent: the median of the rounds.
    pub(super) fn percent_slower(&self, arm: Arm, than: Arm) -> f64 {
        let walls = |wanted| {
            let of_arm = self.arms.iter().filter(move |(arm, _)| *arm == wanted);
            of_arm.flat_map(|(_, samples)| samples).map(|sample| sample.wall.as_secs_f64())
        };
        let mut percents: Vec<f64> =
            walls(arm).zip(walls(than)).map(|(one, other)| 100.0 * (one / other - 1.0)).collect();
        percents.sort_unstable_by(f64::total_cmp);
        percents[percents.len() / 2]
    }
}

impl Display for Comparison {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let head =
            [&*self.title, "wall", "CPU", "executed on request", "primed", "used", "joined", "useful CPU"];
        let rows = self.arms.iter().map(|(arm, samples)| cells(*arm, samples));
        let rows: Vec<_> = [head.map(str::to_owned)].into_iter().chain(rows).collect();
        draw(out, &rows)
    }
}

/// The medians of one way of building; empty cells where a figure does not apply.
fn cells(arm: Arm, samples: &[Sample]) -> [String; 8] {
    let count = |of: fn(&Sample) -> u64| median(samples.iter().map(of).collect());
    let took = |of: fn(&Sample) -> Duration| median(samples.iter().map(of).collect());
    let mut cells = [const { String::new() }; 8];
    cells[0] = arm.title().to_owned();
    cells[1] = time(took(|sample| sample.wall));
    cells[2] = time(took(|sample| sample.cpu));
    if arm.has_actions() {
        cells[3] = format!("{} of {}", count(|sample| sample.executed), count(|sample| sample.asked));
    }
    if arm.predicts() {
        cells[4] = count(|sample| sample.predicted.primed).to_string();
        cells[5] = count(|sample| sample.predicted.used).to_string();
        cells[6] = count(|sample| sample.predicted.joined).to_string();
        let [useful, all] = [took(|sample| sample.predicted.useful), took(|sample| sample.predicted.cpu)];
        cells[7] = format!("{} of {}", time(useful), time(all));
    }
    cells
}

#[cfg(test)]
mod tests;
