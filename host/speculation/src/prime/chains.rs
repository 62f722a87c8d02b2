//! How much waits for each action.

use crate::resolve::{ActionId, Resolver};

/// What depends on an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Actions that read its outputs.
    pub(super) fan_out: u32,
    /// The longest chain that begins with it, in milliseconds.
    pub(super) critical_ms: u32,
}

/// The chains of all actions. Readers have higher numbers, so one pass from the last to the first is enough.
pub(super) fn chains(resolver: &Resolver) -> Vec<Chain> {
    let count = resolver.actions().count();
    let mut chains = vec![Chain::default(); count];
    for number in (0..count).rev() {
        let action = ActionId(number as u32);
        let readers = resolver.readers(action);
        let longest = readers.iter().map(|reader| chains[reader.0 as usize].critical_ms).max().unwrap_or(0);
        let took = resolver.recorded(action).took_ms.max(1);
        chains[number] = Chain { fan_out: readers.len() as u32, critical_ms: took.saturating_add(longest) };
    }
    chains
}
