//! Who waits for what, and what is next: a pure state machine.
//!
//! A *flight* is one execution, queued or running, and all who wait for it. Requests for one action share a flight
//! unless they must not. A *primed* flight is one that nobody has asked for yet: it goes when nothing else waits, and
//! gives its worker up to a flight that somebody waits for.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Flights of jobs `J` named by keys `K`, with waiters `W`.
#[derive(Debug)]
pub(crate) struct Queue<K, J, W> {
    flights: HashMap<FlightId, Flight<K, J, W>>,
    /// The flight that a request for this key joins.
    shared: HashMap<K, FlightId>,
    /// Flights that wait for a worker: the most urgent first, then the oldest.
    ready: BTreeSet<(Rank, FlightId)>,
    /// Flights that have a worker and may keep it, in the same order.
    running: BTreeSet<(Rank, FlightId)>,
    next: u64,
    bound: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FlightId(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WaiterId(u64);

/// Orders flights: all that somebody asked for, then the primed ones; lower numbers first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    primed: bool,
    priority: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Ready,
    Running,
    /// It was told to give its worker up.
    Stopping,
}

#[derive(Debug)]
struct Flight<K, J, W> {
    key: K,
    job: J,
    /// Of the most urgent who waits.
    rank: Rank,
    stage: Stage,
    /// How often it gave its worker up.
    stops: u8,
    waiters: Vec<Waiter<W>>,
}

#[derive(Debug)]
struct Waiter<W> {
    id: WaiterId,
    manner: Manner,
    who: W,
}

/// How a request wants to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Lower numbers go first.
    pub(crate) priority: i32,
    /// Nobody waits for it in earnest.
    pub(crate) primed: bool,
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

/// A flight that a worker got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken<J> {
    pub(crate) flight: FlightId,
    pub(crate) job: J,
    /// Whether nobody has asked for it yet.
    pub(crate) primed: bool,
}

/// A primed flight that gave its worker up so often waits for another; with the next time it is over.
const MOST_STOPS: u8 = 2;

/// There are as many flights waiting as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl<K: Clone + Eq + Hash, J: Clone, W> Queue<K, J, W> {
    /// A queue of at most `bound` flights that wait for a worker.
    pub(crate) fn new(bound: usize) -> Self {
        let (ready, running) = (BTreeSet::new(), BTreeSet::new());
        Self { flights: HashMap::new(), shared: HashMap::new(), ready, running, next: 0, bound }
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
        let id = WaiterId(self.number());
        let entry = self.flights.get_mut(&flight).expect("shared flights and new ones are in the table");
        entry.waiters.push(Waiter { id, manner, who: waiter });
        let running = entry.stage == Stage::Running;
        self.rank(flight);
        Ok(Boarded { flight, waiter: id, running })
    }

    /// Takes the next flight for a worker.
    pub(crate) fn take(&mut self) -> Option<Taken<J>> {
        let (rank, flight) = self.ready.pop_first()?;
        self.running.insert((rank, flight));
        let entry = self.flights.get_mut(&flight).expect("ready flights are in the table");
        entry.stage = Stage::Running;
        Some(Taken { flight, job: entry.job.clone(), primed: rank.primed })
    }

    /// Chooses the primed flights that have to give their workers up, so that of `workers` workers none has a primed
    /// flight while something that somebody asked for waits: the least urgent and youngest, one for each that finds no
    /// idle worker. Their jobs have to be stopped, and then [`again`](Self::again) has to be asked.
    pub(crate) fn give_way(&mut self, workers: usize) -> Vec<J> {
        let idle = workers.saturating_sub(self.running.len());
        let asked = self.ready.iter().take_while(|(rank, _)| !rank.primed).skip(idle);
        let primed = self.running.iter().rev().take_while(|(rank, _)| rank.primed);
        let last: Vec<_> = primed.zip(asked).map(|(primed, _)| *primed).collect();
        let mut stopped = Vec::new();
        for (rank, flight) in last {
            self.running.remove(&(rank, flight));
            let entry = self.flights.get_mut(&flight).expect("running flights are in the table");
            entry.stage = Stage::Stopping;
            entry.stops += 1;
            stopped.push(entry.job.clone());
        }
        stopped
    }

    /// Puts a flight that has given its worker up back among those that wait, with a job to start anew; `false` if it
    /// was not told to, or has done so too often already. The bound does not count: it was let in before.
    pub(crate) fn again(&mut self, flight: FlightId, renew: impl FnOnce(&mut J)) -> bool {
        let Some(entry) = self.flights.get_mut(&flight) else { return false };
        if entry.stage != Stage::Stopping || (entry.rank.primed && entry.stops > MOST_STOPS) {
            return false;
        }
        entry.stage = Stage::Ready;
        renew(&mut entry.job);
        self.ready.insert((entry.rank, flight))
    }

    /// Those who wait for a flight.
    pub(crate) fn waiters(&self, flight: FlightId) -> impl Iterator<Item = &W> {
        self.flights.get(&flight).into_iter().flat_map(|entry| entry.waiters.iter().map(|waiter| &waiter.who))
    }

    /// Whether somebody wants it run whatever there is.
    pub(crate) fn must_run(&self, flight: FlightId) -> bool {
        self.flights.get(&flight).is_some_and(|entry| entry.waiters.iter().any(|waiter| waiter.manner.fresh))
    }

    /// Ends a flight and hands out who waited for it, in the order they came; nobody if it was abandoned.
    pub(crate) fn land(&mut self, flight: FlightId) -> Vec<W> {
        let Some(entry) = self.remove(flight) else { return Vec::new() };
        entry.waiters.into_iter().map(|waiter| waiter.who).collect()
    }

    /// Takes a waiter off a flight, and the flight off the queue with the last of them: answers with its job then, which
    /// has to be stopped if it runs.
    pub(crate) fn leave(&mut self, flight: FlightId, waiter: WaiterId) -> Option<J> {
        let entry = self.flights.get_mut(&flight)?;
        entry.waiters.retain(|other| other.id != waiter);
        if entry.waiters.is_empty() {
            return self.remove(flight).map(|entry| entry.job);
        }
        self.rank(flight);
        None
    }

    /// Takes everything off the queue.
    pub(crate) fn clear(&mut self) -> Vec<(J, Vec<W>)> {
        self.shared.clear();
        self.ready.clear();
        self.running.clear();
        let flights = self.flights.drain().map(|(_, entry)| entry);
        flights
            .map(|entry| (entry.job, entry.waiters.into_iter().map(|waiter| waiter.who).collect()))
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
        let (rank, stage) = (manner.rank(), Stage::Ready);
        self.ready.insert((rank, flight));
        let entry = Flight { key, job: job(), rank, stage, stops: 0, waiters: Vec::new() };
        self.flights.insert(flight, entry);
        Ok(flight)
    }

    fn remove(&mut self, flight: FlightId) -> Option<Flight<K, J, W>> {
        let entry = self.flights.remove(&flight)?;
        if let Some(set) = self.set(entry.stage) {
            set.remove(&(entry.rank, flight));
        }
        if self.shared.get(&entry.key) == Some(&flight) {
            self.shared.remove(&entry.key);
        }
        Some(entry)
    }

    /// Puts a flight where the most urgent who waits for it wants it, after somebody came or left.
    fn rank(&mut self, flight: FlightId) {
        let Some(entry) = self.flights.get_mut(&flight) else { return };
        let Some(rank) = entry.waiters.iter().map(|waiter| waiter.manner.rank()).min() else { return };
        let (stage, before) = (entry.stage, std::mem::replace(&mut entry.rank, rank));
        if let Some(set) = self.set(stage) {
            set.remove(&(before, flight));
            set.insert((rank, flight));
        }
    }

    /// Where flights of a stage are kept in order.
    fn set(&mut self, stage: Stage) -> Option<&mut BTreeSet<(Rank, FlightId)>> {
        match stage {
            Stage::Ready => Some(&mut self.ready),
            Stage::Running => Some(&mut self.running),
            Stage::Stopping => None,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Manner {
    fn rank(self) -> Rank {
        Rank { primed: self.primed, priority: self.priority }
    }
}

#[cfg(test)]
mod tests;
