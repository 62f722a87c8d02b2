//! Makes the record that goes into an artifact, or carries the previous one forward.

use std::collections::HashMap;

use spec_cas::Cas;
use spec_model::{Digest, Subaction};
use spec_strategy::SessionFacts;

use crate::accounting::PredictionResult;
use crate::attribution::{ElementBuild, OriginCounts, OriginScope, attribute};
use crate::error::Result;
use crate::guarded_policy::GuardedOverlayPolicy;
use crate::mode::SpeculationMode;
use crate::record::{EarlierRun, MOST_EARLIER_RUNS, NamedPolicy, Record, RecordedAction};
use crate::record_store::RecordFormat;

/// The number of counted predictions of an action at which the counts are halved.
const HALVED_AT: u32 = 16;

/// The record that goes into an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeneratedRecord {
    /// A new record.
    New {
        /// The stored record.
        digest: Digest,
        /// The origins of its inputs.
        counts: OriginCounts,
    },
    /// The previous record.
    Carried(Digest),
    /// There is no record.
    Nothing,
}

impl GeneratedRecord {
    /// The stored record.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::New { digest, .. } | Self::Carried(digest) => Some(*digest),
            Self::Nothing => None,
        }
    }
}

/// How records are made.
#[derive(Clone, Copy, Debug)]
pub struct GenerateOptions<'a> {
    /// Which origins are recorded, if any.
    pub mode: SpeculationMode,
    /// How the record is stored.
    pub format: RecordFormat,
    /// Whether other machines will pull them.
    pub shared: bool,
    /// Which of several origins of an input are recorded.
    pub policy: &'a GuardedOverlayPolicy,
    /// The policies of the session, which the record names.
    pub policies: &'a [NamedPolicy],
    /// The numbers of elements, and what else the policy may ask about the session.
    pub facts: &'a dyn SessionFacts,
}

/// Whether the previous record is kept whatever the build requested: in modes that make no records, when it requested
/// nothing (a rebuild from a build directory with all objects), and when it failed, so that its requests may be incomplete.
#[must_use]
pub fn keeps_previous_record(
    mode: SpeculationMode,
    succeeded: bool,
    previous: Option<&Digest>,
    subactions: &[Subaction],
) -> bool {
    !mode.generates() || (!succeeded && previous.is_some()) || subactions.is_empty()
}

/// Makes and stores the record of a build, unless the previous one is [kept](keeps_previous_record).
///
/// # Errors
/// When the store fails.
pub fn generate_record(
    cas: &Cas,
    build: &ElementBuild<'_>,
    options: GenerateOptions<'_>,
    succeeded: bool,
    previous: Option<Digest>,
) -> Result<GeneratedRecord> {
    let GenerateOptions { mode, format, shared, policy, policies, facts } = options;
    let carried = previous.map_or(GeneratedRecord::Nothing, GeneratedRecord::Carried);
    if keeps_previous_record(mode, succeeded, previous.as_ref(), build.subactions) {
        return Ok(carried);
    }
    let (mut record, counts) = attribute(cas, build, origin_scope(mode), policy, facts)?;
    if record.actions.is_empty() {
        return Ok(carried);
    }
    if let Some(previous) = &previous
        && let Ok(previous) = Record::load(cas, previous, build.element)
    {
        carry_statistics(&mut record, &previous, build.predictions);
    }
    record.policies = policies.to_vec();
    let digest = match shared {
        true => record.store_packed(cas, format)?,
        false => record.store(cas, format)?,
    };
    Ok(GeneratedRecord::New { digest, counts })
}

fn origin_scope(mode: SpeculationMode) -> OriginScope {
    OriginScope {
        own_actions: mode >= SpeculationMode::IntraElement,
        other_actions: mode >= SpeculationMode::Full,
    }
}

/// Carries hits, misses and times from the previous record to the new one. An action counts as the same if its first
/// output has the same path, since its digest changes with every change of an input.
fn carry_statistics(record: &mut Record, previous: &Record, predictions: &[PredictionResult]) {
    let confirmed: HashMap<Digest, Option<bool>> =
        predictions.iter().map(|result| (result.base, result.confirmed)).collect();
    let key =
        |record: &Record, action: &RecordedAction| Some(record.paths.text(action.outputs.first()?.path));
    let by_output = previous.actions.iter().filter_map(|action| Some((key(previous, action)?, action)));
    let by_output: HashMap<String, &RecordedAction> = by_output.collect();
    let keys: Vec<Option<String>> = record.actions.iter().map(|action| key(record, action)).collect();
    for (action, key) in record.actions.iter_mut().zip(keys) {
        let Some(old) = key.and_then(|key| by_output.get(&key).copied()) else { continue };
        let confirmed = confirmed.get(&old.base).copied().flatten();
        // Recent sessions count more.
        let divisor = if old.hits.saturating_add(old.misses) >= HALVED_AT { 2 } else { 1 };
        action.hits = old.hits / divisor + u32::from(confirmed == Some(true));
        action.misses = old.misses / divisor + u32::from(confirmed == Some(false));
        carry_runs(action, old);
    }
}

/// Carries what executions took. An action that was answered from the cache was not executed anew.
fn carry_runs(action: &mut RecordedAction, old: &RecordedAction) {
    let was_executed = action.took_ms > 0 && action.base != old.base;
    if action.took_ms == 0 {
        (action.took_ms, action.cpu_ms) = (old.took_ms, old.cpu_ms);
    }
    let last = EarlierRun { took_ms: old.took_ms, cpu_ms: old.cpu_ms };
    let last = Some(last).filter(|run| was_executed && run.took_ms > 0);
    action.earlier = last.into_iter().chain(old.earlier.iter().copied()).take(MOST_EARLIER_RUNS).collect();
}

#[cfg(test)]
mod tests;
