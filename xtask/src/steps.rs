//! The steps of a long task, each with its name and duration.

use std::time::Instant;

use anyhow::{Context, Result};

/// Runs a step; its error names it.
pub(crate) fn step<T>(name: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("==> {name}");
    let start = Instant::now();
    let result = run().with_context(|| format!("step failed: {name}"))?;
    println!("<== {name}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}
