//! The budget of priming: what primed actions may cost, and what they did cost.

/// The limits of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The number of primed actions that run or wait at a time.
    pub in_flight: u32,
    /// The share of the workers that may run primed actions, in percent. One worker at least may, unless it is 0.
    pub cpu_share: u8,
    /// The CPU time of all primed actions, in milliseconds; [`u64::MAX`] for no limit.
    pub cpu_ms: u64,
    /// The size of the outputs of all primed actions, in bytes; [`u64::MAX`] for no limit.
    pub output_bytes: u64,
}

impl Default for Budget {
    /// Limits only the number of actions in flight.
    fn default() -> Self {
        Self { in_flight: 64, cpu_share: 100, cpu_ms: u64::MAX, output_bytes: u64::MAX }
    }
}

/// What an action costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) cpu_ms: u64,
    pub(super) bytes: u64,
}

/// A budget, with what was spent of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BudgetTracker {
    limits: Budget,
    in_flight: u32,
    /// The expected costs of the actions in flight.
    reserved: Cost,
    /// How long the actions in flight have been running so far.
    running_ms: u64,
    spent: Cost,
}

impl BudgetTracker {
    pub(super) fn new(limits: Budget) -> Self {
        Self { limits, in_flight: 0, reserved: Cost::default(), running_ms: 0, spent: Cost::default() }
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// How many more actions may be in flight now, with `slots` workers; 0 workers if that is not known.
    pub(super) fn free_slots(&self, slots: u32) -> u32 {
        let share = match (slots, self.limits.cpu_share) {
            (_, 0) => 0,
            (0, _) | (_, 100..) => u32::MAX,
            (_, share) => (slots * u32::from(share) / 100).max(1),
        };
        self.limits.in_flight.min(share).saturating_sub(self.in_flight)
    }

    /// What is left of the CPU time. Actions in flight count with their expected costs, or with the time that they have
    /// been running if that is more.
    pub(super) fn cpu_left_ms(&self) -> u64 {
        let in_flight = self.reserved.cpu_ms.max(self.running_ms);
        self.limits.cpu_ms.saturating_sub(self.spent.cpu_ms.saturating_add(in_flight))
    }

    pub(super) fn bytes_left(&self) -> u64 {
        self.limits.output_bytes.saturating_sub(self.spent.bytes.saturating_add(self.reserved.bytes))
    }

    /// What is left of the CPU time and of the bytes, of each if it has a limit.
    pub(super) fn limited(&self) -> (Option<u64>, Option<u64>) {
        let limited = |limit: u64, left: u64| (limit != u64::MAX).then_some(left);
        (
            limited(self.limits.cpu_ms, self.cpu_left_ms()),
            limited(self.limits.output_bytes, self.bytes_left()),
        )
    }

    /// Whether an action with these expected costs fits into what is left.
    pub(super) fn allows(&self, expected: Cost) -> bool {
        self.cpu_left_ms() >= expected.cpu_ms.max(1) && self.bytes_left() >= expected.bytes.max(1)
    }

    /// Whether the actions so far cost more than the limits.
    pub(super) fn is_exceeded(&self) -> bool {
        self.spent.cpu_ms.saturating_add(self.running_ms) > self.limits.cpu_ms
            || self.spent.bytes > self.limits.output_bytes
    }

    pub(super) fn set_running_ms(&mut self, running_ms: u64) {
        self.running_ms = running_ms;
    }

    /// Counts an action that is submitted.
    pub(super) fn reserve(&mut self, expected: Cost) {
        self.in_flight += 1;
        self.reserved.cpu_ms = self.reserved.cpu_ms.saturating_add(expected.cpu_ms);
        self.reserved.bytes = self.reserved.bytes.saturating_add(expected.bytes);
    }

    /// Counts the end of an action that was submitted.
    pub(super) fn release(&mut self, expected: Cost, actual: Cost) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.reserved.cpu_ms = self.reserved.cpu_ms.saturating_sub(expected.cpu_ms);
        self.reserved.bytes = self.reserved.bytes.saturating_sub(expected.bytes);
        self.spent.cpu_ms = self.spent.cpu_ms.saturating_add(actual.cpu_ms);
        self.spent.bytes = self.spent.bytes.saturating_add(actual.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_the_workers_bounds_what_is_in_flight() {
        for (slots, cpu_share, expected) in
            [(4, 100, 64), (4, 50, 2), (4, 1, 1), (4, 0, 0), (0, 50, 64), (1000, 50, 64), (3, 50, 1)]
        {
            let tracker = BudgetTracker::new(Budget { cpu_share, ..Budget::default() });
            assert_eq!(tracker.free_slots(slots), expected, "{cpu_share} % of {slots}");
        }
    }

    #[test]
    fn costs_are_reserved_spent_and_exceeded() {
        let mut tracker = BudgetTracker::new(Budget { cpu_ms: 100, output_bytes: 1000, ..Budget::default() });
        let expected = Cost { cpu_ms: 60, bytes: 600 };
        tracker.reserve(expected);
        assert_eq!((tracker.cpu_left_ms(), tracker.bytes_left()), (40, 400));
        assert!(!tracker.allows(expected) && !tracker.is_exceeded());
        tracker.set_running_ms(101);
        assert!(tracker.is_exceeded(), "it runs longer than is left");
        tracker.set_running_ms(0);
        tracker.release(expected, Cost { cpu_ms: 10, bytes: 10 });
        assert_eq!((tracker.cpu_left_ms(), tracker.bytes_left(), tracker.in_flight()), (90, 990, 0));
        assert!(tracker.allows(expected));
        tracker.release(Cost::default(), Cost { cpu_ms: 0, bytes: 991 });
        assert!(tracker.is_exceeded() && !tracker.allows(Cost::default()));
    }
}
