//! A simulated cluster: actions are really executed, and take at least a second.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::super::table::reached;
use super::comparison::Comparison;
use super::{Arm, chain};

pub(super) const WORKERS: u32 = 16;
const ACTION: Duration = Duration::from_secs(1);

/// How often faster than with a shared action cache, and how far above the bound a build may be.
const LEAST_FASTER: f64 = 5.0;
pub(super) const MOST_ABOVE: f64 = 1.15;

/// The setting of the cluster, for the section `scheduler:`.
pub(super) fn setting() -> String {
    let cluster = format!("workers: {WORKERS}, action-milliseconds: {}", ACTION.as_millis());
    format!("  simulated-cluster: {{{cluster}}}\n")
}

/// Has the builds of a user configuration execute actions in the cluster.
pub(super) fn configure(config: &Path) -> Result<()> {
    let text = fs::read_to_string(config)?;
    let scheduler = format!("scheduler:\n{}", setting());
    ensure!(text.contains("scheduler:\n"), "{} has no scheduler to configure", config.display());
    fs::write(config, text.replace("scheduler:\n", &scheduler)).context("cannot write the configuration")
}

/// The times of the chain in the cluster, and their targets.
pub(super) struct Verdict {
    faster: f64,
    bound: Duration,
    above: f64,
    most_above: f64,
}

impl Verdict {
    pub(super) fn of(comparison: &Comparison, most_above: f64) -> Verdict {
        let [ours, shared] = [Arm::Ours, Arm::Shared].map(|arm| comparison.wall(arm));
        // Every element's own link waits for the element below, and the first for a compile.
        let critical_path = ACTION * (chain::ELEMENTS as u32 + 1);
        let bound = critical_path.max(ACTION * (chain::ELEMENTS * (chain::FILES + 1)) as u32 / WORKERS);
        Verdict {
            faster: shared.as_secs_f64() / ours.as_secs_f64(),
            bound,
            above: ours.as_secs_f64() / bound.as_secs_f64(),
            most_above,
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Verdict { faster, bound, above, most_above } = self;
        let (fast, near) = (reached(*faster >= LEAST_FASTER), reached(above <= most_above));
        writeln!(
            out,
            "faster than with a shared action cache: {faster:.1} times (target: {LEAST_FASTER:.0}, reached: {fast})"
        )?;
        let bound = bound.as_secs_f64();
        write!(out, "of the bound, {bound:.1} s: {above:.2} times (target: {most_above}, reached: {near})")
    }
}
