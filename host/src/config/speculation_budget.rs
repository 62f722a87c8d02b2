//! The budget of primed actions.

use spec_model::{Mapping, Node, NodeError};
use spec_speculation::priming::Budget;

use super::numbers;
use crate::values::SizeSetting;

/// Reads the section `speculation-budget`. Missing keys keep their defaults.
///
/// # Errors
/// When a key is unknown, or a value is wrong.
pub(super) fn read(section: &Mapping) -> Result<Budget, NodeError> {
    section.validate_keys(&["cpu-share", "cpu-seconds", "output-size", "in-flight"])?;
    let mut budget = Budget::default();
    numbers::take(section, "in-flight", 0, &mut budget.in_flight)?;
    if let Some(node) = section.get("cpu-share") {
        budget.cpu_share = percent(node)?;
    }
    if section.get("cpu-seconds").is_some() {
        let mut seconds = 0;
        numbers::take(section, "cpu-seconds", 0, &mut seconds)?;
        budget.cpu_ms = u64::from(seconds) * 1000;
    }
    if let Some(node) = section.get("output-size") {
        budget.output_bytes = bytes(node)?;
    }
    Ok(budget)
}

fn percent(node: &Node) -> Result<u8, NodeError> {
    match SizeSetting::parse(node.as_str()?) {
        Some(SizeSetting::Percent(percent)) => Ok(percent),
        _ => Err(node.expected("a share of the workers such as 50%")),
    }
}

fn bytes(node: &Node) -> Result<u64, NodeError> {
    match SizeSetting::parse(node.as_str()?) {
        Some(SizeSetting::Bytes(bytes)) => Ok(bytes),
        _ => Err(node.expected("a size such as 800M, 10G")),
    }
}
