//! The section `scheduler: simulated-cluster:`.

use std::time::Duration;

use spec_model::{Mapping, NodeError};

use super::numbers;
use crate::simulated_cluster::SimulatedCluster;

/// Reads the section.
///
/// # Errors
/// When a number is missing or wrong.
pub(super) fn read(section: &Mapping) -> Result<SimulatedCluster, NodeError> {
    section.validate_keys(&["workers", "action-milliseconds"])?;
    let (mut workers, mut least) = (0, 0);
    section.require("workers")?;
    numbers::take(section, "workers", 1, &mut workers)?;
    section.require("action-milliseconds")?;
    numbers::take(section, "action-milliseconds", 0, &mut least)?;
    Ok(SimulatedCluster { workers: workers as usize, least: Duration::from_millis(least.into()) })
}
