//! A cluster that is not there, to see what more workers would bring.

use std::time::Duration;

use spec_model::{Mapping, NodeError};

use super::numbers;

/// Workers on this machine that take their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SimulatedCluster {
    /// How many actions run at a time.
    pub(crate) workers: usize,
    /// How long an action takes at least.
    pub(crate) least: Duration,
}

impl SimulatedCluster {
    /// Reads the section `simulated-cluster`.
    ///
    /// # Errors
    /// When a number is missing or wrong.
    pub(super) fn of(section: &Mapping) -> Result<Self, NodeError> {
        section.validate_keys(&["workers", "action-milliseconds"])?;
        let (mut workers, mut least) = (0, 0);
        section.require("workers")?;
        numbers::take(section, "workers", 1, &mut workers)?;
        section.require("action-milliseconds")?;
        numbers::take(section, "action-milliseconds", 0, &mut least)?;
        Ok(Self { workers: workers as usize, least: Duration::from_millis(least.into()) })
    }
}
