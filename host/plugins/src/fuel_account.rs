//! The fuel of a policy in a session.

/// What each call adds.
const PER_CALL: u64 = 1_000_000;
/// What each entry of a question adds: enough for interpreted languages.
const PER_ENTRY: u64 = 200_000;

/// The fuel that a policy may use: a stock, which every question replenishes.
///
/// A policy that does not end its answer costs a session the stock, once. One that takes long for every answer costs what the
/// questions add; it lives on if that is enough. All of it depends on the questions and the policy alone, not on the machine.
#[derive(Debug)]
pub(crate) struct FuelAccount {
    left: u64,
    most: u64,
}

impl FuelAccount {
    /// A full stock.
    pub(crate) fn new(most: u64) -> Self {
        Self { left: most, most }
    }

    /// The fuel of a call that asks about so many entries.
    pub(crate) fn begin_call(&mut self, entries: usize) -> u64 {
        let added = PER_ENTRY.saturating_mul(entries as u64).saturating_add(PER_CALL);
        self.left = self.left.saturating_add(added).min(self.most);
        self.left
    }

    /// A call ended, and left so much.
    pub(crate) fn end_call(&mut self, left: u64) {
        self.left = left;
    }
}

#[cfg(test)]
mod tests;
