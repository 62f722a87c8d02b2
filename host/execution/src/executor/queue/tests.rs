use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What may happen to a queue.
#[derive(Clone, Debug)]
enum Step {
    Board { key: u8, manner: Manner },
    Take,
    GiveWay { workers: usize },
    Again(prop::sample::Index),
    Land(prop::sample::Index),
    Leave(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let manner = (-2..3, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2))
        .prop_map(|(priority, primed, fresh, alone)| Manner { priority, primed, fresh, alone });
    let board = (0..4_u8, manner).prop_map(|(key, manner)| Step::Board { key, manner });
    let step = prop_oneof![
        4 => board,
        2 => Just(Step::Take),
        1 => (1..4_usize).prop_map(|workers| Step::GiveWay { workers }),
        1 => any::<prop::sample::Index>().prop_map(Step::Again),
        1 => any::<prop::sample::Index>().prop_map(Step::Land),
        2 => any::<prop::sample::Index>().prop_map(Step::Leave),
    ];
    prop::collection::vec(step, 0..60)
}

/// One who waits, as the test knows it.
#[derive(Clone, Copy, Debug)]
struct Passenger {
    number: usize,
    key: u8,
    manner: Manner,
    flight: FlightId,
    id: WaiterId,
}

const BOUND: usize = 5;

/// Runs the queue beside a list of all who wait, and compares.
#[derive(Default)]
struct Model {
    waiting: Vec<Passenger>,
    running: Vec<FlightId>,
    /// Those of the running that were told to give their workers up.
    stopping: Vec<FlightId>,
    stops: BTreeMap<FlightId, u8>,
    count: usize,
}

impl Model {
    fn flights(&self) -> BTreeMap<FlightId, Vec<Passenger>> {
        let mut flights: BTreeMap<FlightId, Vec<Passenger>> = BTreeMap::new();
        self.waiting.iter().for_each(|one| flights.entry(one.flight).or_default().push(*one));
        flights
    }

    fn queued(&self) -> usize {
        self.flights().keys().filter(|flight| !self.running.contains(flight)).count()
    }

    /// Of the most urgent who waits: primed, priority.
    fn urgency(&self, flight: FlightId) -> Option<(bool, i32)> {
        let waiting = self.waiting.iter().filter(|one| one.flight == flight);
        waiting.map(|one| (one.manner.primed, one.manner.priority)).min()
    }

    fn is_primed(&self, flight: FlightId) -> bool {
        self.urgency(flight).is_some_and(|(primed, _)| primed)
    }

    fn board(
        &mut self,
        queue: &mut Queue<u8, u8, usize>,
        key: u8,
        manner: Manner,
    ) -> Result<(), TestCaseError> {
        let (number, full) = (self.count, self.queued() >= BOUND);
        let Ok(boarded) = queue.board(key, manner, number, || key) else {
            prop_assert!(full, "refused with room left");
            return Ok(());
        };
        self.count += 1;
        let others: Vec<_> = self.waiting.iter().filter(|one| one.flight == boarded.flight).collect();
        prop_assert!(others.iter().all(|one| one.key == key), "one flight, two keys");
        prop_assert!(others.is_empty() || !manner.alone, "who wants to be alone has company");
        prop_assert!(!others.is_empty() || !full, "a new flight beyond the bound");
        let has_worker = self.running.contains(&boarded.flight) && !self.stopping.contains(&boarded.flight);
        prop_assert_eq!(boarded.running, has_worker);
        let (flight, id) = (boarded.flight, boarded.waiter);
        self.waiting.push(Passenger { number, key, manner, flight, id });
        Ok(())
    }

    fn take(&mut self, queue: &mut Queue<u8, u8, usize>) -> Result<(), TestCaseError> {
        let flights = self.flights();
        let ready = flights.keys().filter(|flight| !self.running.contains(flight));
        let expected = ready.min_by_key(|flight| (self.urgency(**flight), **flight)).copied();
        let taken = queue.take();
        prop_assert_eq!(taken.as_ref().map(|taken| taken.flight), expected);
        if let Some(Taken { flight, job, primed }) = taken {
            prop_assert_eq!(primed, self.is_primed(flight));
            prop_assert!(flights[&flight].iter().all(|one| one.key == job));
            self.running.push(flight);
        }
        Ok(())
    }

    /// Nothing that somebody asked for waits while a primed flight has a worker, nobody gives way in vain, and those
    /// do who are the least urgent.
    fn give_way(&mut self, queue: &mut Queue<u8, u8, usize>, workers: usize) -> Result<(), TestCaseError> {
        let flights = self.flights();
        let has_worker = |flight: &&FlightId| self.running.contains(flight);
        let keeps = |flight: &&FlightId| has_worker(flight) && !self.stopping.contains(flight);
        let mut busy: Vec<FlightId> = flights.keys().filter(keeps).copied().collect();
        busy.sort_by_key(|flight| (self.urgency(*flight), *flight));
        let waits = |flight: &&FlightId| !has_worker(flight) && !self.is_primed(**flight);
        let asked = flights.keys().filter(waits).count();

        let stopped = queue.give_way(workers);
        let left = workers.saturating_sub(busy.len());
        let rest = busy.split_off(busy.len() - stopped.len());
        let expected: Vec<u8> = rest.iter().rev().map(|flight| flights[flight][0].key).collect();
        prop_assert_eq!(&stopped, &expected);
        prop_assert!(
            rest.iter().all(|flight| self.is_primed(*flight)),
            "somebody waits for one that was stopped"
        );
        prop_assert!(stopped.is_empty() || left + stopped.len() <= asked, "nothing needs the worker");
        let all_go = asked <= left + stopped.len();
        prop_assert!(
            all_go || !busy.iter().any(|flight| self.is_primed(*flight)),
            "a primed flight is in the way"
        );
        for flight in rest {
            self.stopping.push(flight);
            *self.stops.entry(flight).or_default() += 1;
        }
        Ok(())
    }

    fn again(
        &mut self,
        queue: &mut Queue<u8, u8, usize>,
        at: prop::sample::Index,
    ) -> Result<(), TestCaseError> {
        if self.running.is_empty() {
            return Ok(());
        }
        let flight = self.running[at.index(self.running.len())];
        let wanted = self.waiting.iter().any(|one| one.flight == flight);
        let spent =
            self.is_primed(flight) && self.stops.get(&flight).is_some_and(|stops| *stops > MOST_STOPS);
        let expected = wanted && self.stopping.contains(&flight) && !spent;
        prop_assert_eq!(queue.again(flight, |_| ()), expected);
        if expected {
            self.running.retain(|other| *other != flight);
            self.stopping.retain(|other| *other != flight);
        }
        Ok(())
    }

    fn land(
        &mut self,
        queue: &mut Queue<u8, u8, usize>,
        at: prop::sample::Index,
    ) -> Result<(), TestCaseError> {
        if self.running.is_empty() {
            return Ok(());
        }
        let flight = self.running.remove(at.index(self.running.len()));
        self.stopping.retain(|other| *other != flight);
        let expected: Vec<_> =
            self.waiting.iter().filter(|one| one.flight == flight).map(|one| one.number).collect();
        self.waiting.retain(|one| one.flight != flight);
        prop_assert_eq!(queue.land(flight), expected);
        Ok(())
    }

    fn leave(
        &mut self,
        queue: &mut Queue<u8, u8, usize>,
        at: prop::sample::Index,
    ) -> Result<(), TestCaseError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let one = self.waiting.remove(at.index(self.waiting.len()));
        let last = self.waiting.iter().all(|other| other.flight != one.flight);
        prop_assert_eq!(queue.leave(one.flight, one.id), last.then_some(one.key));
        prop_assert_eq!(queue.leave(one.flight, one.id), None, "leaving twice is leaving once");
        Ok(())
    }
}

proptest! {
    /// Nobody is lost or told twice, the most urgent goes first, and the bound holds.
    #[test]
    fn every_waiter_is_answered_once(steps in steps()) {
        let mut queue = Queue::new(BOUND);
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Board { key, manner } => model.board(&mut queue, key, manner)?,
                Step::Take => model.take(&mut queue)?,
                Step::GiveWay { workers } => model.give_way(&mut queue, workers)?,
                Step::Again(at) => model.again(&mut queue, at)?,
                Step::Land(at) => model.land(&mut queue, at)?,
                Step::Leave(at) => model.leave(&mut queue, at)?,
            }
            prop_assert_eq!(queue.load().0, model.queued());
        }
    }
}

const ASKED: Manner = Manner { priority: 0, primed: false, fresh: false, alone: false };
const PRIMED: Manner = Manner { priority: 5, primed: true, ..ASKED };

/// Boards `keys` of one manner, and has them all run.
fn run(queue: &mut Queue<char, char, ()>, keys: &str, manner: Manner) -> Vec<Boarded> {
    let board = |key| queue.board(key, manner, (), || key).expect("there is room");
    let boarded = keys.chars().map(board).collect();
    while queue.take().is_some() {}
    boarded
}

#[test]
fn a_request_takes_the_worker_of_the_least_urgent_primed_flight() {
    let mut queue = Queue::new(BOUND);
    run(&mut queue, "a", ASKED);
    run(&mut queue, "p", PRIMED);
    let late = run(&mut queue, "q", Manner { priority: 9, ..PRIMED })[0].flight;
    // However little urgent, it was asked for.
    let manner = Manner { priority: 99, ..ASKED };
    let asked = queue.board('b', manner, (), || 'b').expect("there is room").flight;
    assert_eq!(queue.give_way(4), [], "one worker is idle");
    assert_eq!(queue.give_way(3), ['q']);
    assert_eq!(queue.give_way(3), [], "a worker is on its way");
    assert!(queue.again(late, |job| *job = 'r'));
    assert_eq!(queue.take(), Some(Taken { flight: asked, job: 'b', primed: false }));
    assert_eq!(queue.take(), Some(Taken { flight: late, job: 'r', primed: true }));
}

#[test]
fn what_somebody_has_joined_keeps_its_worker() {
    let mut queue = Queue::new(BOUND);
    run(&mut queue, "pq", PRIMED);
    queue.board('q', ASKED, (), || 'q').expect("there is room");
    queue.board('b', ASKED, (), || 'b').expect("there is room");
    assert_eq!(queue.give_way(2), ['p']);
    queue.board('c', ASKED, (), || 'c').expect("there is room");
    assert_eq!(queue.give_way(2), [], "nobody is left who would have to");
}

#[test]
fn what_nobody_asks_for_any_more_is_primed_again() {
    let mut queue = Queue::new(BOUND);
    let running = run(&mut queue, "p", PRIMED)[0].flight;
    let joined = queue.board('p', ASKED, (), || 'p').expect("there is room");
    let waiting = queue.board('q', ASKED, (), || 'q').expect("there is room");
    let asked = queue.board('a', Manner { priority: 1, ..ASKED }, (), || 'a').expect("there is room").flight;
    queue.board('q', PRIMED, (), || 'q').expect("there is room");
    assert_eq!(queue.leave(waiting.flight, waiting.waiter), None);
    assert_eq!(queue.give_way(1), []);
    assert_eq!(queue.leave(running, joined.waiter), None);
    assert_eq!(queue.give_way(1), ['p']);
    assert_eq!(queue.take(), Some(Taken { flight: asked, job: 'a', primed: false }));
    assert_eq!(queue.take(), Some(Taken { flight: waiting.flight, job: 'q', primed: true }));
}

#[test]
fn a_primed_flight_may_have_the_worker_of_one_that_is_going() {
    let mut queue = Queue::new(BOUND);
    run(&mut queue, "a", ASKED);
    run(&mut queue, "pq", PRIMED);
    assert_eq!(queue.give_way(2), [], "nobody waits");
    queue.board('b', ASKED, (), || 'b').expect("there is room");
    assert_eq!(queue.give_way(2), ['q']);
}

#[test]
fn a_primed_flight_gives_way_so_often_and_no_more() {
    let mut queue = Queue::new(BOUND);
    let primed = run(&mut queue, "p", PRIMED)[0].flight;
    for stops in 1..=MOST_STOPS + 1 {
        let asked = queue.board('b', ASKED, (), || 'b').expect("there is room").flight;
        assert_eq!(queue.give_way(1), ['p']);
        assert_eq!(queue.again(primed, |_| ()), stops <= MOST_STOPS);
        assert_eq!(queue.take().map(|taken| taken.flight), Some(asked));
        queue.land(asked);
        queue.take();
    }
    // Once somebody has asked for it, it is not given up.
    queue.board('p', ASKED, (), || 'p').expect("it is joined");
    assert!(queue.again(primed, |_| ()));
}

#[test]
fn a_result_that_exists_does_for_those_who_do_not_mind() {
    let mut queue = Queue::new(BOUND);
    let boarded = queue.board('a', ASKED, (), || ()).expect("there is room");
    assert!(!queue.must_run(boarded.flight));
    let minds = queue.board('a', Manner { fresh: true, ..ASKED }, (), || ()).expect("there is room");
    assert!(queue.must_run(boarded.flight));
    queue.leave(minds.flight, minds.waiter);
    assert!(!queue.must_run(boarded.flight));
}
