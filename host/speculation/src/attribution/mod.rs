//! Attribution: where the inputs of a build's actions came from. Inputs are attributed by their path, from what was staged
//! at that path; their contents are compared to confirm it.

mod element_build;
mod installed_files;
mod origin_finder;
mod produced_outputs;
mod record_builder;
mod staged_root;
#[cfg(test)]
mod tests;

use spec_cas::Cas;
use spec_strategy::SessionFacts;

use crate::error::Result;
use crate::guarded_policy::GuardedOverlayPolicy;
use crate::record::{Origin, Record};

pub use element_build::ElementBuild;
pub(crate) use origin_finder::OriginScope;
pub use staged_root::StagedRoot;

use record_builder::build_record;

/// The number of inputs of a record by origin. An input with alternatives counts under the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OriginCounts {
    /// From an element's sources.
    pub source: usize,
    /// From an element's artifact.
    pub artifact: usize,
    /// Outputs of earlier actions.
    pub action: usize,
    /// Files that the build wrote otherwise, such as `config.h`.
    pub generated: usize,
    /// Trees of dependencies that actions name.
    pub platform: usize,
    /// Subactions that are not recorded, because they failed or cannot be adapted.
    pub left_out: usize,
}

/// The record of a build: its successful subactions, with the origins of their inputs and of the artifact's files.
///
/// # Errors
/// When the store fails.
pub(crate) fn attribute(
    cas: &Cas,
    build: &ElementBuild<'_>,
    scope: OriginScope,
    policy: &GuardedOverlayPolicy,
    facts: &dyn SessionFacts,
) -> Result<(Record, OriginCounts)> {
    let (mut record, left_out) = build_record(cas, build, scope)?;
    policy.select(&mut record, facts);
    let counts = OriginCounts::of(&record, left_out);
    Ok((record, counts))
}

impl OriginCounts {
    fn of(record: &Record, left_out: usize) -> Self {
        let mut counts = Self { platform: record.platforms.len(), left_out, ..Self::default() };
        for input in &record.inputs {
            match input.origins.first() {
                None => counts.generated += 1,
                Some(Origin::Source { .. }) => counts.source += 1,
                Some(Origin::Action { .. }) => counts.action += 1,
                Some(Origin::Artifact { .. }) => counts.artifact += 1,
            }
        }
        counts
    }
}
