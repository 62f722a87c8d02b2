//! Who waits for what, and what is next: a pure state machine.
//!
//! A *flight* is one execution, queued or running, and all who wait for it. Requests for one action share a flight
//! unless they must not.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Flights of jobs `J` named by keys `K`, with waiters `W`.
#[derive(Debug)]
pub(crate) struct Queue<K, J, W> {
    flights: HashMap<FlightId, Flight<K, J, W>>,
    /// The flight that a request for this key joins.
    shared: HashMap<K, FlightId>,
    /// Flights that wait for a worker: the most urgent first, then the oldest.
    ready: BTreeSet<(i32, FlightId)>,
    next: u64,
    bound: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FlightId(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WaiterId(u64);

#[derive(Debug)]
struct Flight<K, J, W> {
    key: K,
    job: J,
    priority: i32,
    running: bool,
    /// Somebody wants it run even if there is a result already.
    fresh: bool,
    waiters: Vec<(WaiterId, W)>,
}

/// How a request wants to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Lower numbers go first.
    pub(crate) priority: i32,
    /// Not content with a result that exists.
    pub(crate) fresh: bool,
    /// Shares no flight.
    pub(crate) alone: bool,
}

/// Where a request has ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Boarded {
    pub(crate) flight: FlightId,
    pub(crate) waiter: WaiterId,
    /// Whether a worker has it already.
    pub(crate) running: bool,
}

/// There are as many flights waiting as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// What became of a flight when somebody left it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left<J> {
    /// Others still wait for it, or it was over.
    Flying,
    /// Nobody did, and it is gone; if it was running, its job has to be stopped.
    Abandoned { job: J, running: bool },
}

impl<K: Clone + Eq + Hash, J: Clone, W> Queue<K, J, W> {
    /// A queue of at most `bound` flights that wait for a worker.
    pub(crate) fn new(bound: usize) -> Self {
        Self { flights: HashMap::new(), shared: HashMap::new(), ready: BTreeSet::new(), next: 0, bound }
    }

    /// Adds a waiter to the flight of its key, or to a new one with the job `job`.
    pub(crate) fn board(
        &mut self,
        key: K,
        manner: Manner,
        waiter: W,
        job: impl FnOnce() -> J,
    ) -> Result<Boarded, Full> {
        let joined = self.shared.get(&key).copied().filter(|_| !manner.alone);
        let flight = match joined {
            Some(flight) => flight,
            None => self.open(key, manner, job)?,
        };
        let waiter_id = WaiterId(self.number());
        let entry = self.flights.get_mut(&flight).expect("shared flights and new ones are in the table");
        entry.waiters.push((waiter_id, waiter));
        entry.fresh |= manner.fresh;
        let running = entry.running;
        if !running && manner.priority < entry.priority {
            self.ready.remove(&(entry.priority, flight));
            entry.priority = manner.priority;
            self.ready.insert((entry.priority, flight));
        }
        Ok(Boarded { flight, waiter: waiter_id, running })
    }

    /// Takes the next flight for a worker.
    pub(crate) fn take(&mut self) -> Option<(FlightId, J)> {
        let (_, flight) = self.ready.pop_first()?;
        let entry = self.flights.get_mut(&flight).expect("ready flights are in the table");
        entry.running = true;
        Some((flight, entry.job.clone()))
    }

    /// Those who wait for a flight.
    pub(crate) fn waiters(&self, flight: FlightId) -> impl Iterator<Item = &W> {
        self.flights.get(&flight).into_iter().flat_map(|entry| entry.waiters.iter().map(|(_, waiter)| waiter))
    }

    /// Whether somebody wants it run whatever there is.
    pub(crate) fn must_run(&self, flight: FlightId) -> bool {
        self.flights.get(&flight).is_some_and(|entry| entry.fresh)
    }

    /// Ends a flight and hands out who waited for it, in the order they came; nobody if it was abandoned.
    pub(crate) fn land(&mut self, flight: FlightId) -> Vec<W> {
        let Some(entry) = self.remove(flight) else { return Vec::new() };
        entry.waiters.into_iter().map(|(_, waiter)| waiter).collect()
    }

    /// Takes a waiter off a flight, and the flight off the queue with the last of them.
    pub(crate) fn leave(&mut self, flight: FlightId, waiter: WaiterId) -> Left<J> {
        let Some(entry) = self.flights.get_mut(&flight) else { return Left::Flying };
        entry.waiters.retain(|(id, _)| *id != waiter);
        if !entry.waiters.is_empty() {
            return Left::Flying;
        }
        match self.remove(flight) {
            Some(entry) => Left::Abandoned { job: entry.job, running: entry.running },
            None => Left::Flying,
        }
    }

    /// Takes everything off the queue.
    pub(crate) fn clear(&mut self) -> Vec<(J, Vec<W>)> {
        self.shared.clear();
        self.ready.clear();
        let flights = self.flights.drain().map(|(_, entry)| entry);
        flights
            .map(|entry| (entry.job, entry.waiters.into_iter().map(|(_, waiter)| waiter).collect()))
            .collect()
    }

    /// Numbers of flights that wait for a worker, and that run.
    pub(crate) fn load(&self) -> (usize, usize) {
        (self.ready.len(), self.flights.len() - self.ready.len())
    }

    fn open(&mut self, key: K, manner: Manner, job: impl FnOnce() -> J) -> Result<FlightId, Full> {
        if self.ready.len() >= self.bound {
            return Err(Full);
        }
        let flight = FlightId(self.number());
        if !manner.alone {
            self.shared.insert(key.clone(), flight);
        }
        self.ready.insert((manner.priority, flight));
        let (priority, fresh) = (manner.priority, manner.fresh);
        let entry = Flight { key, job: job(), priority, running: false, fresh, waiters: Vec::new() };
        self.flights.insert(flight, entry);
        Ok(flight)
    }

    fn remove(&mut self, flight: FlightId) -> Option<Flight<K, J, W>> {
        let entry = self.flights.remove(&flight)?;
        self.ready.remove(&(entry.priority, flight));
        if self.shared.get(&entry.key) == Some(&flight) {
            self.shared.remove(&entry.key);
        }
        Some(entry)
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

#[cfg(test)]
mod tests;
