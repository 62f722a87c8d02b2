//! The clock of a simulation, and what is going to happen.

use std::collections::BTreeMap;

/// What happens at some time. Elements, jobs and requests are those of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SimulatedEvent {
    /// The first jobs are started.
    JobsBegin,
    /// The speculation loop begins.
    PredictionsBegin,
    /// This group of records is registered.
    RecordsAdded(usize),
    /// The sources of an element become known.
    SourcesKnown(usize),
    /// A job ends.
    JobEnds(usize),
    /// The build of an element asks for its request with this index.
    Asks(usize, usize),
    /// The request is answered.
    IsAnswered(usize, usize),
    /// A worker is done with its run of this number.
    RunEnds(u64),
}

/// Events by time, those of one time in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    now_us: u64,
    added: u64,
    events: BTreeMap<(u64, u64), SimulatedEvent>,
}

impl EventQueue {
    /// The time, in microseconds.
    pub(crate) fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Adds an event; one of the past happens now.
    pub(crate) fn add(&mut self, at_us: u64, event: SimulatedEvent) {
        self.added += 1;
        self.events.insert((at_us.max(self.now_us), self.added), event);
    }

    /// Goes on to the time of the next event, and returns the events of that time.
    pub(crate) fn advance(&mut self) -> Vec<SimulatedEvent> {
        let Some(((at_us, _), _)) = self.events.first_key_value() else { return Vec::new() };
        self.now_us = *at_us;
        let later = self.events.split_off(&(self.now_us, u64::MAX));
        std::mem::replace(&mut self.events, later).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_time_come_in_the_order_in_which_they_were_added() {
        let mut queue = EventQueue::default();
        queue.add(5, SimulatedEvent::JobEnds(0));
        queue.add(7, SimulatedEvent::JobEnds(3));
        queue.add(5, SimulatedEvent::JobEnds(1));
        assert_eq!(queue.advance(), [SimulatedEvent::JobEnds(0), SimulatedEvent::JobEnds(1)]);
        assert_eq!(queue.now_us(), 5);
        queue.add(2, SimulatedEvent::JobEnds(2));
        assert_eq!(queue.advance(), [SimulatedEvent::JobEnds(2)], "what is late happens now");
        assert_eq!((queue.advance().len(), queue.now_us()), (1, 7));
        assert!(queue.advance().is_empty());
    }
}
