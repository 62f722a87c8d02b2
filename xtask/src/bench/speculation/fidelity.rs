//! How far replays of recorded builds are from the builds.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::table::reached;

/// How far a predicted time may be from the recorded one, in percent.
const MOST_PERCENT: f64 = 10.0;

/// A policy other than that of the recording.
pub(in crate::bench) struct OtherPolicy {
    name: &'static str,
    setting: &'static str,
}

/// What is predicted for these and built with them. The last one primes nothing, as no action runs that long.
pub(in crate::bench) const OTHER_POLICIES: [OtherPolicy; 3] = [
    OtherPolicy { name: "priming-eager", setting: "" },
    OtherPolicy { name: "priming-critical-path", setting: "per-slot=1" },
    OtherPolicy { name: "priming-selective", setting: "least-ms=4000000000" },
];

impl OtherPolicy {
    /// The options that name it, of builds and of replays.
    pub(in crate::bench) fn options(&self) -> Vec<&'static str> {
        let mut options = vec!["--priming-policy", self.name];
        if !self.setting.is_empty() {
            options.extend(["--priming-setting", self.setting]);
        }
        options
    }
}

impl Display for OtherPolicy {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.name, self.setting)
    }
}

/// A line that compares the time that was predicted for a policy with that of a build with it. Both are what `policy replay
/// --json` printed: for a recording with another policy, and for that of the build.
pub(in crate::bench) fn compare_other(policy: &OtherPolicy, predicted: &str, built: &str) -> Result<String> {
    let (predicted, built) = (time(predicted, "predicted")?, time(built, "recorded")?);
    let deviation = (predicted.as_secs_f64() / built.as_secs_f64() - 1.0) * 100.0;
    Ok(format!("  with {policy}: predicted {predicted:.2?}, built {built:.2?}, {deviation:+.1} %"))
}

fn time(replayed: &str, of: &str) -> Result<Duration> {
    let value: Value = serde_json::from_str(replayed).context("`policy replay` prints JSON")?;
    Ok(Duration::from_micros(value[of]["wall-us"].as_u64().context("it has a time")?))
}

/// A recorded build, and its replay with the recorded policies.
pub(in crate::bench) struct ReplayedBuild {
    title: String,
    recorded: Duration,
    predicted: Duration,
    /// The predicted time without priming.
    unprimed: Duration,
}

impl ReplayedBuild {
    /// What `policy replay --json` printed for the recorded policies, and for none.
    pub(in crate::bench) fn of(title: &str, replayed: &str, unprimed: &str) -> Result<ReplayedBuild> {
        Ok(ReplayedBuild {
            title: title.to_owned(),
            recorded: time(replayed, "recorded")?,
            predicted: time(replayed, "predicted")?,
            unprimed: time(unprimed, "predicted")?,
        })
    }

    fn deviation(&self) -> f64 {
        (self.predicted.as_secs_f64() / self.recorded.as_secs_f64() - 1.0) * 100.0
    }
}

impl Display for ReplayedBuild {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (deviation, ReplayedBuild { title, recorded, predicted, unprimed }) = (self.deviation(), self);
        let reached = reached(deviation.abs() <= MOST_PERCENT);
        write!(
            out,
            "{title}: recorded {recorded:.2?}, predicted {predicted:.2?}, {deviation:+.1} % (target: ≤ {MOST_PERCENT:.0} \
             %, reached: {reached}); without priming {unprimed:.2?}"
        )
    }
}
