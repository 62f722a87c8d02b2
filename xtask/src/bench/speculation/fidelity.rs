//! How far replays of recorded builds are from the builds.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::table::reached;

/// How far a predicted time may be from the recorded one, in percent.
const MOST_PERCENT: f64 = 10.0;

/// A recorded build, and its replay with the recorded policies.
pub(super) struct ReplayedBuild {
    title: String,
    recorded: Duration,
    predicted: Duration,
    /// The predicted time without priming.
    unprimed: Duration,
}

impl ReplayedBuild {
    /// What `policy replay --json` printed for the recorded policies, and for none.
    pub(super) fn of(title: &str, replayed: &str, unprimed: &str) -> Result<ReplayedBuild> {
        let time = |text: &str, of: &str| -> Result<Duration> {
            let value: Value = serde_json::from_str(text).context("`policy replay` prints JSON")?;
            Ok(Duration::from_micros(value[of]["wall-us"].as_u64().context("it has a time")?))
        };
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
