//! What one build took.

use std::time::Duration;

use serde_json::Value;

/// What one build took, and what came of its actions.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) wall: Duration,
    /// Of all processes.
    pub(super) cpu: Duration,
    /// Actions that were asked for.
    pub(super) asked: u64,
    /// Those of them that were executed then.
    pub(super) executed: u64,
    pub(super) predicted: Predicted,
}

/// What came of predictions.
#[derive(Clone, Copy, Default)]
pub(super) struct Predicted {
    pub(super) primed: u64,
    pub(super) used: u64,
    pub(super) joined: u64,
    /// Processor time of predicted actions.
    pub(super) cpu: Duration,
    /// What of it was for actions that were asked for.
    pub(super) useful: Duration,
}

impl Predicted {
    /// Reads the figures of the event that ends a build.
    pub(super) fn of(figures: &Value) -> Predicted {
        // A bucket with nothing in it is not told.
        let figure = |name: &str| figures[name].as_u64().unwrap_or_default();
        Predicted {
            primed: figure("primed"),
            used: figure("used"),
            joined: figure("joined"),
            cpu: Duration::from_millis(figure("cpu-ms")),
            useful: Duration::from_millis(figure("useful-cpu-ms")),
        }
    }
}
