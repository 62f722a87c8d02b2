//! What priming may spend.

/// Limits of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Primed actions that run or wait at a time.
    pub in_flight: u32,
    /// CPU time, in milliseconds.
    pub cpu_ms: u64,
    /// Bytes of outputs.
    pub bytes: u64,
}

impl Default for Budget {
    /// As good as no limit, but of actions in flight.
    fn default() -> Self {
        Self { in_flight: 64, cpu_ms: u64::MAX, bytes: u64::MAX }
    }
}

/// A budget in use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    limits: Budget,
    flying: u32,
    /// What those in flight are expected to take.
    reserved_ms: u64,
    spent_ms: u64,
    spent_bytes: u64,
}

impl Purse {
    pub(super) fn new(limits: Budget) -> Self {
        Self { limits, flying: 0, reserved_ms: 0, spent_ms: 0, spent_bytes: 0 }
    }

    /// How many more may fly now.
    pub(super) fn free(&self) -> u32 {
        self.limits.in_flight.saturating_sub(self.flying)
    }

    pub(super) fn flying(&self) -> u32 {
        self.flying
    }

    pub(super) fn cpu_left_ms(&self) -> u64 {
        self.limits.cpu_ms.saturating_sub(self.spent_ms.saturating_add(self.reserved_ms))
    }

    pub(super) fn bytes_left(&self) -> u64 {
        self.limits.bytes.saturating_sub(self.spent_bytes)
    }

    /// Whether an action of this cost is within the session's means, now or when others have landed.
    pub(super) fn affords(&self, cpu_ms: u32) -> bool {
        self.bytes_left() > 0 && self.cpu_left_ms() >= u64::from(cpu_ms.max(1))
    }

    pub(super) fn take_off(&mut self, cpu_ms: u32) {
        self.flying += 1;
        self.reserved_ms += u64::from(cpu_ms);
    }

    /// An action lands that was expected to take `expected_ms`.
    pub(super) fn land(&mut self, expected_ms: u32, cpu_ms: u32, bytes: u64) {
        self.flying = self.flying.saturating_sub(1);
        self.reserved_ms = self.reserved_ms.saturating_sub(u64::from(expected_ms));
        self.spent_ms = self.spent_ms.saturating_add(u64::from(cpu_ms));
        self.spent_bytes = self.spent_bytes.saturating_add(bytes);
    }
}
