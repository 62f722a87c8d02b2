use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What may happen to a queue.
#[derive(Clone, Debug)]
enum QueueStep {
    JoinOrEnqueue { key: u8, policy: RequestPolicy },
    ImportMode,
    Preempt { workers: usize },
    Requeue(prop::sample::Index),
    Complete(prop::sample::Index),
    Withdraw(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<QueueStep>> {
    let policy = (-2..3, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2)).prop_map(
        |(priority, primed, skip_cache_lookup, unshared)| RequestPolicy {
            priority,
            primed,
            skip_cache_lookup,
            unshared,
        },
    );
    let join_or_enqueue =
        (0..4_u8, policy).prop_map(|(key, policy)| QueueStep::JoinOrEnqueue { key, policy });
    let step = prop_oneof![
        4 => join_or_enqueue,
        2 => Just(QueueStep::ImportMode),
        1 => (1..4_usize).prop_map(|workers| QueueStep::Preempt { workers }),
        1 => any::<prop::sample::Index>().prop_map(QueueStep::Requeue),
        1 => any::<prop::sample::Index>().prop_map(QueueStep::Complete),
        2 => any::<prop::sample::Index>().prop_map(QueueStep::Withdraw),
    ];
    prop::collection::vec(step, 0..60)
}

/// One who waits, as the test knows it.
#[derive(Clone, Copy, Debug)]
struct ModelWaiter {
    number: usize,
    key: u8,
    policy: RequestPolicy,
    execution: ExecutionId,
    id: WaiterId,
}

const BOUND: usize = 5;

/// Runs the queue beside a list of all who wait, and compares.
#[derive(Default)]
struct QueueModel {
    waiting: Vec<ModelWaiter>,
    running: Vec<ExecutionId>,
    /// Those of the running that were preempted.
    stopping: Vec<ExecutionId>,
    stops: BTreeMap<ExecutionId, u8>,
    count: usize,
}

impl QueueModel {
    fn executions(&self) -> BTreeMap<ExecutionId, Vec<ModelWaiter>> {
        let mut executions: BTreeMap<ExecutionId, Vec<ModelWaiter>> = BTreeMap::new();
        self.waiting.iter().for_each(|one| executions.entry(one.execution).or_default().push(*one));
        executions
    }

    fn queued(&self) -> usize {
        self.executions().keys().filter(|execution| !self.running.contains(execution)).count()
    }

    /// Of the most urgent who waits: primed, priority.
    fn urgency(&self, execution: ExecutionId) -> Option<(bool, i32)> {
        let waiting = self.waiting.iter().filter(|one| one.execution == execution);
        waiting.map(|one| (one.policy.primed, one.policy.priority)).min()
    }

    fn is_primed(&self, execution: ExecutionId) -> bool {
        self.urgency(execution).is_some_and(|(primed, _)| primed)
    }

    fn join_or_enqueue(
        &mut self,
        queue: &mut ExecutionQueue<u8, u8, usize>,
        key: u8,
        policy: RequestPolicy,
    ) -> Result<(), TestCaseError> {
        let (number, full) = (self.count, self.queued() >= BOUND);
        let Ok(joined) = queue.join_or_enqueue(key, policy, number, || key) else {
            prop_assert!(full, "refused with room left");
            return Ok(());
        };
        self.count += 1;
        let others: Vec<_> = self.waiting.iter().filter(|one| one.execution == joined.execution).collect();
        prop_assert!(others.iter().all(|one| one.key == key), "one execution, two keys");
        prop_assert!(others.is_empty() || !policy.unshared, "who wants to be unshared has company");
        prop_assert!(!others.is_empty() || !full, "a new execution beyond the bound");
        let has_worker =
            self.running.contains(&joined.execution) && !self.stopping.contains(&joined.execution);
        prop_assert_eq!(joined.running, has_worker);
        let (execution, id) = (joined.execution, joined.waiter);
        self.waiting.push(ModelWaiter { number, key, policy, execution, id });
        Ok(())
    }

    fn take(&mut self, queue: &mut ExecutionQueue<u8, u8, usize>) -> Result<(), TestCaseError> {
        let executions = self.executions();
        let ready = executions.keys().filter(|execution| !self.running.contains(execution));
        let expected = ready.min_by_key(|execution| (self.urgency(**execution), **execution)).copied();
        let taken = queue.take();
        prop_assert_eq!(taken.as_ref().map(|taken| taken.execution), expected);
        if let Some(StartedExecution { execution, job, primed, .. }) = taken {
            prop_assert_eq!(primed, self.is_primed(execution));
            prop_assert!(executions[&execution].iter().all(|one| one.key == job));
            self.running.push(execution);
        }
        Ok(())
    }

    /// Nothing that somebody asked for waits while a primed execution has a worker, nobody gives way in vain, and those
    /// do who are the least urgent.
    fn preempt(
        &mut self,
        queue: &mut ExecutionQueue<u8, u8, usize>,
        workers: usize,
    ) -> Result<(), TestCaseError> {
        let executions = self.executions();
        let has_worker = |execution: &&ExecutionId| self.running.contains(execution);
        let keeps = |execution: &&ExecutionId| has_worker(execution) && !self.stopping.contains(execution);
        let mut busy: Vec<ExecutionId> = executions.keys().filter(keeps).copied().collect();
        busy.sort_by_key(|execution| (self.urgency(*execution), *execution));
        let waits = |execution: &&ExecutionId| !has_worker(execution) && !self.is_primed(**execution);
        let asked = executions.keys().filter(waits).count();

        let stopped = queue.preempt(workers);
        let left = workers.saturating_sub(busy.len());
        let rest = busy.split_off(busy.len() - stopped.len());
        let expected: Vec<u8> = rest.iter().rev().map(|execution| executions[execution][0].key).collect();
        prop_assert_eq!(&stopped, &expected);
        prop_assert!(
            rest.iter().all(|execution| self.is_primed(*execution)),
            "somebody waits for one that was stopped"
        );
        prop_assert!(stopped.is_empty() || left + stopped.len() <= asked, "nothing needs the worker");
        let all_go = asked <= left + stopped.len();
        prop_assert!(
            all_go || !busy.iter().any(|execution| self.is_primed(*execution)),
            "a primed execution is in the way"
        );
        for execution in rest {
            self.stopping.push(execution);
            *self.stops.entry(execution).or_default() += 1;
        }
        Ok(())
    }

    fn requeue(
        &mut self,
        queue: &mut ExecutionQueue<u8, u8, usize>,
        at: prop::sample::Index,
    ) -> Result<(), TestCaseError> {
        if self.running.is_empty() {
            return Ok(());
        }
        let execution = self.running[at.index(self.running.len())];
        let wanted = self.waiting.iter().any(|one| one.execution == execution);
        let spent = self.is_primed(execution)
            && self.stops.get(&execution).is_some_and(|stops| *stops > MAX_PREEMPTIONS);
        let expected = wanted && self.stopping.contains(&execution) && !spent;
        prop_assert_eq!(queue.requeue(execution, |_| ()), expected);
        if expected {
            self.running.retain(|other| *other != execution);
            self.stopping.retain(|other| *other != execution);
        }
        Ok(())
    }

    fn complete(
        &mut self,
        queue: &mut ExecutionQueue<u8, u8, usize>,
        at: prop::sample::Index,
    ) -> Result<(), TestCaseError> {
        if self.running.is_empty() {
            return Ok(());
        }
        let execution = self.running.remove(at.index(self.running.len()));
        self.stopping.retain(|other| *other != execution);
        let expected: Vec<_> =
            self.waiting.iter().filter(|one| one.execution == execution).map(|one| one.number).collect();
        self.waiting.retain(|one| one.execution != execution);
        prop_assert_eq!(queue.complete(execution), expected);
        Ok(())
    }

    fn withdraw(
        &mut self,
        queue: &mut ExecutionQueue<u8, u8, usize>,
        at: prop::sample::Index,
    ) -> Result<(), TestCaseError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let one = self.waiting.remove(at.index(self.waiting.len()));
        let last = self.waiting.iter().all(|other| other.execution != one.execution);
        prop_assert_eq!(queue.withdraw(one.execution, one.id), last.then_some(one.key));
        prop_assert_eq!(queue.withdraw(one.execution, one.id), None, "leaving twice is leaving once");
        Ok(())
    }
}

proptest! {
    /// Nobody is lost or told twice, the most urgent goes first, and the bound holds.
    #[test]
    fn every_waiter_is_answered_once(steps in steps()) {
        let mut queue = ExecutionQueue::new(BOUND);
        let mut model = QueueModel::default();
        for step in steps {
            match step {
                QueueStep::JoinOrEnqueue { key, policy } => model.join_or_enqueue(&mut queue, key, policy)?,
                QueueStep::ImportMode => model.take(&mut queue)?,
                QueueStep::Preempt { workers } => model.preempt(&mut queue, workers)?,
                QueueStep::Requeue(at) => model.requeue(&mut queue, at)?,
                QueueStep::Complete(at) => model.complete(&mut queue, at)?,
                QueueStep::Withdraw(at) => model.withdraw(&mut queue, at)?,
            }
            prop_assert_eq!(queue.load().0, model.queued());
        }
    }
}

const ASKED: RequestPolicy =
    RequestPolicy { priority: 0, primed: false, skip_cache_lookup: false, unshared: false };
const PRIMED: RequestPolicy = RequestPolicy { priority: 5, primed: true, ..ASKED };

/// Boards `keys` of one manner, and has them all run.
fn run(
    queue: &mut ExecutionQueue<char, char, ()>,
    keys: &str,
    policy: RequestPolicy,
) -> Vec<JoinedExecution> {
    let join_or_enqueue = |key| queue.join_or_enqueue(key, policy, (), || key).expect("there is room");
    let joined = keys.chars().map(join_or_enqueue).collect();
    while queue.take().is_some() {}
    joined
}

#[test]
fn a_request_preempts_the_least_urgent_primed_execution() {
    let mut queue = ExecutionQueue::new(BOUND);
    run(&mut queue, "a", ASKED);
    run(&mut queue, "p", PRIMED);
    let late = run(&mut queue, "q", RequestPolicy { priority: 9, ..PRIMED })[0].execution;
    // However little urgent, it was asked for.
    let policy = RequestPolicy { priority: 99, ..ASKED };
    let asked = queue.join_or_enqueue('b', policy, (), || 'b').expect("there is room").execution;
    assert_eq!(queue.preempt(4), [], "one worker is idle");
    assert_eq!(queue.preempt(3), ['q']);
    assert_eq!(queue.preempt(3), [], "a worker is on its way");
    assert!(queue.requeue(late, |job| *job = 'r'));
    assert_eq!(
        queue.take(),
        Some(StartedExecution { execution: asked, job: 'b', primed: false, priority: 99 })
    );
    assert_eq!(queue.take(), Some(StartedExecution { execution: late, job: 'r', primed: true, priority: 9 }));
}

#[test]
fn an_execution_that_a_request_joined_is_not_preempted() {
    let mut queue = ExecutionQueue::new(BOUND);
    run(&mut queue, "pq", PRIMED);
    queue.join_or_enqueue('q', ASKED, (), || 'q').expect("there is room");
    queue.join_or_enqueue('b', ASKED, (), || 'b').expect("there is room");
    assert_eq!(queue.preempt(2), ['p']);
    queue.join_or_enqueue('c', ASKED, (), || 'c').expect("there is room");
    assert_eq!(queue.preempt(2), [], "nobody is left who would have to");
}

#[test]
fn an_execution_whose_requests_withdrew_is_primed_again() {
    let mut queue = ExecutionQueue::new(BOUND);
    let running = run(&mut queue, "p", PRIMED)[0].execution;
    let joined = queue.join_or_enqueue('p', ASKED, (), || 'p').expect("there is room");
    let waiting = queue.join_or_enqueue('q', ASKED, (), || 'q').expect("there is room");
    let asked = queue
        .join_or_enqueue('a', RequestPolicy { priority: 1, ..ASKED }, (), || 'a')
        .expect("there is room")
        .execution;
    queue.join_or_enqueue('q', PRIMED, (), || 'q').expect("there is room");
    assert_eq!(queue.withdraw(waiting.execution, waiting.waiter), None);
    assert_eq!(queue.preempt(1), []);
    assert_eq!(queue.withdraw(running, joined.waiter), None);
    assert_eq!(queue.preempt(1), ['p']);
    assert_eq!(
        queue.take(),
        Some(StartedExecution { execution: asked, job: 'a', primed: false, priority: 1 })
    );
    assert_eq!(
        queue.take(),
        Some(StartedExecution { execution: waiting.execution, job: 'q', primed: true, priority: 5 })
    );
}

#[test]
fn a_primed_execution_takes_the_worker_of_a_preempted_one() {
    let mut queue = ExecutionQueue::new(BOUND);
    run(&mut queue, "a", ASKED);
    run(&mut queue, "pq", PRIMED);
    assert_eq!(queue.preempt(2), [], "nobody waits");
    queue.join_or_enqueue('b', ASKED, (), || 'b').expect("there is room");
    assert_eq!(queue.preempt(2), ['q']);
}

#[test]
fn a_primed_execution_is_requeued_twice() {
    let mut queue = ExecutionQueue::new(BOUND);
    let primed = run(&mut queue, "p", PRIMED)[0].execution;
    for stops in 1..=MAX_PREEMPTIONS + 1 {
        let asked = queue.join_or_enqueue('b', ASKED, (), || 'b').expect("there is room").execution;
        assert_eq!(queue.preempt(1), ['p']);
        assert_eq!(queue.requeue(primed, |_| ()), stops <= MAX_PREEMPTIONS);
        assert_eq!(queue.take().map(|taken| taken.execution), Some(asked));
        queue.complete(asked);
        queue.take();
    }
    // Once somebody has asked for it, it is not given up.
    queue.join_or_enqueue('p', ASKED, (), || 'p').expect("it is joined");
    assert!(queue.requeue(primed, |_| ()));
}

#[test]
fn a_cached_result_answers_unless_a_waiter_skips_the_cache() {
    let mut queue = ExecutionQueue::new(BOUND);
    let joined = queue.join_or_enqueue('a', ASKED, (), || ()).expect("there is room");
    assert!(!queue.must_run(joined.execution));
    let minds = queue
        .join_or_enqueue('a', RequestPolicy { skip_cache_lookup: true, ..ASKED }, (), || ())
        .expect("there is room");
    assert!(queue.must_run(joined.execution));
    queue.withdraw(minds.execution, minds.waiter);
    assert!(!queue.must_run(joined.execution));
}
