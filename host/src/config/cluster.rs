//! A cluster that is not there, to see what more workers would bring.

use std::time::Duration;

use spec_model::{Mapping, NodeError};
use spec_session::SimulatedCluster;

use super::numbers;

/// Reads the section `simulated-cluster`.
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
