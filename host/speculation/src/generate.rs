//! The record that goes into an artifact: a new one, or the old one carried forward.

use std::collections::HashMap;

use spec_cas::Cas;
use spec_model::{Digest, Subaction};

use crate::attribute::{Build, Counts, Limits, attribute};
use crate::error::Result;
use crate::mode::Mode;
use crate::policy::OverlaySlot;
use crate::record::{Record, RecordedAction};

/// So many predictions of an action are counted before they count for half.
const REMEMBERED: u32 = 16;

/// The record of a build, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generated {
    /// The build recorded something.
    New {
        /// The stored record.
        digest: Digest,
        /// What is in it.
        counts: Counts,
    },
    /// The build recorded nothing new, failed, or was not to be recorded: the old record stands.
    Carried(Digest),
    /// There is none.
    Nothing,
}

impl Generated {
    /// What goes into the artifact, under both keys.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::New { digest, .. } | Self::Carried(digest) => Some(*digest),
            Self::Nothing => None,
        }
    }
}

/// Whether the record before a build stands, whatever the build did: when the mode makes none, when nothing was asked
/// for (a rebuild from an old cache of objects), and when the build failed, since it may have asked for only a part.
#[must_use]
pub fn stands(mode: Mode, succeeded: bool, previous: Option<&Digest>, subactions: &[Subaction]) -> bool {
    !mode.generates() || (!succeeded && previous.is_some()) || subactions.is_empty()
}

/// Makes the record of a build, unless the one before it, `previous`, [stands](stands).
///
/// # Errors
/// When the store fails.
pub fn generate(
    cas: &Cas,
    build: &Build<'_>,
    mode: Mode,
    succeeded: bool,
    previous: Option<Digest>,
    policy: &OverlaySlot,
) -> Result<Generated> {
    let carried = previous.map_or(Generated::Nothing, Generated::Carried);
    if stands(mode, succeeded, previous.as_ref(), build.subactions) {
        return Ok(carried);
    }
    let (mut record, counts) = attribute(cas, build, limits(mode), policy)?;
    if record.actions.is_empty() {
        return Ok(carried);
    }
    if let Some(previous) = &previous
        && let Ok(previous) = Record::load(cas, previous, build.element)
    {
        remember(&mut record, &previous, build.ends);
    }
    Ok(Generated::New { digest: record.store(cas)?, counts })
}

fn limits(mode: Mode) -> Limits {
    Limits { own_actions: mode >= Mode::IntraElement, other_actions: mode >= Mode::Full }
}

/// Times and uses that the new record does not know. The base action is another one after every change, so actions
/// are the same when they write the same first output.
fn remember(record: &mut Record, previous: &Record, ends: &[(Digest, Option<bool>)]) {
    let ends: HashMap<Digest, Option<bool>> = ends.iter().copied().collect();
    let key =
        |record: &Record, action: &RecordedAction| Some(record.paths.text(action.outputs.first()?.path));
    let known = previous.actions.iter().filter_map(|action| Some((key(previous, action)?, action)));
    let known: HashMap<String, &RecordedAction> = known.collect();
    let keys: Vec<Option<String>> = record.actions.iter().map(|action| key(record, action)).collect();
    for (action, key) in record.actions.iter_mut().zip(keys) {
        let Some(old) = key.and_then(|key| known.get(&key).copied()) else { continue };
        let end = ends.get(&old.base).copied().flatten();
        // Old ones fade, so that what changed its ways is known for it soon.
        let faded = if old.hits.saturating_add(old.misses) >= REMEMBERED { 2 } else { 1 };
        action.hits = old.hits / faded + u32::from(end == Some(true));
        action.misses = old.misses / faded + u32::from(end == Some(false));
        if action.took_ms == 0 {
            (action.took_ms, action.cpu_ms) = (old.took_ms, old.cpu_ms);
        }
    }
}

#[cfg(test)]
mod tests;
