use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What may happen to a queue.
#[derive(Clone, Debug)]
enum Step {
    Board { key: u8, priority: i32, fresh: bool, alone: bool },
    Take,
    Land(prop::sample::Index),
    Leave(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let board = (0..4_u8, -2..3, any::<bool>(), prop::bool::weighted(0.2))
        .prop_map(|(key, priority, fresh, alone)| Step::Board { key, priority, fresh, alone });
    let step = prop_oneof![
        4 => board,
        2 => Just(Step::Take),
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
    flight: FlightId,
    id: WaiterId,
}

const BOUND: usize = 5;

/// Runs the queue beside a list of all who wait, and compares.
#[derive(Default)]
struct Model {
    waiting: Vec<Passenger>,
    running: Vec<FlightId>,
    /// The most urgent that ever waited, whether they still do or not.
    urgency: BTreeMap<FlightId, i32>,
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
        prop_assert_eq!(boarded.running, self.running.contains(&boarded.flight));
        let (flight, id) = (boarded.flight, boarded.waiter);
        self.waiting.push(Passenger { number, key, flight, id });
        let urgency = self.urgency.entry(flight).or_insert(i32::MAX);
        *urgency = manner.priority.min(*urgency);
        Ok(())
    }

    fn take(&mut self, queue: &mut Queue<u8, u8, usize>) -> Result<(), TestCaseError> {
        let flights = self.flights();
        let ready = flights.keys().filter(|flight| !self.running.contains(flight));
        let expected = ready.min_by_key(|flight| (self.urgency[flight], **flight)).copied();
        let taken = queue.take();
        prop_assert_eq!(taken.map(|(flight, _)| flight), expected);
        if let Some((flight, job)) = taken {
            prop_assert!(flights[&flight].iter().all(|one| one.key == job));
            self.running.push(flight);
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
        let running = self.running.contains(&one.flight);
        let expected = if last { Left::Abandoned { job: one.key, running } } else { Left::Flying };
        prop_assert_eq!(queue.leave(one.flight, one.id), expected);
        prop_assert_eq!(queue.leave(one.flight, one.id), Left::Flying, "leaving twice is leaving once");
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
                Step::Board { key, priority, fresh, alone } => {
                    model.board(&mut queue, key, Manner { priority, fresh, alone })?;
                }
                Step::Take => model.take(&mut queue)?,
                Step::Land(at) => model.land(&mut queue, at)?,
                Step::Leave(at) => model.leave(&mut queue, at)?,
            }
            prop_assert!(queue.load().0 <= BOUND);
            prop_assert_eq!(queue.load().0, model.queued());
        }
    }
}

#[test]
fn a_result_that_exists_does_for_those_who_do_not_mind() {
    let mut queue = Queue::new(BOUND);
    let manner = Manner { priority: 0, fresh: false, alone: false };
    let boarded = queue.board('a', manner, (), || ()).expect("there is room");
    assert!(!queue.must_run(boarded.flight));
    queue.board('a', Manner { fresh: true, ..manner }, (), || ()).expect("there is room");
    assert!(queue.must_run(boarded.flight));
}
