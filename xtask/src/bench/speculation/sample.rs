//! The measurements of one build.

use std::time::Duration;

use serde_json::Value;

/// The times of one build, and the outcomes of its actions.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) wall: Duration,
    /// Of all processes.
    pub(super) cpu: Duration,
    /// Actions that the build requested.
    pub(super) asked: u64,
    /// Those that were executed on request.
    pub(super) executed: u64,
    pub(super) predicted: Predicted,
}

/// The outcomes of predictions.
#[derive(Clone, Copy, Default)]
pub(super) struct Predicted {
    pub(super) primed: u64,
    pub(super) used: u64,
    pub(super) joined: u64,
    /// Processor time of predicted actions.
    pub(super) cpu: Duration,
    /// The part of it for actions that the build requested.
    pub(super) useful: Duration,
}

impl Predicted {
    /// Reads the figures of the event that ends a build.
    pub(super) fn of(figures: &Value) -> Predicted {
        // Empty buckets are left out.
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
