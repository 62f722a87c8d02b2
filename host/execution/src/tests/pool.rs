//! One execution for all who ask, in the right order, and gone when nobody asks any more.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use spec_model::{ActionResult, AnswerSource, Cancel, Digest, Subaction};

use super::fixture::{Fixture, request};

use crate::local::LocalOptions;
use crate::outcome::{ActionAnswer, ActionError, ExecutedAction};
use crate::pool::{Executions, PendingRequest, PoolOptions};
use crate::recorder::{Recorder, Recording};
use crate::request::{ActionRequest, Executor, ExecutorTask, Progress};
use crate::rights::GrantedAction;

pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// An executor that says what it has begun and waits for permission to end.
pub(super) struct Gate {
    begun: Mutex<std::sync::mpsc::Sender<(Digest, Cancel)>>,
    exit: Mutex<Receiver<i32>>,
}

impl Executor for Gate {
    fn execute(&self, order: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        let begun = self.begun.lock().expect("nobody panics");
        begun.send((order.granted.action(), cancel.clone())).expect("the test listens");
        drop(begun);
        let exit_code = self.exit.lock().expect("nobody panics").recv_timeout(PATIENCE).expect("a way out");
        if cancel.is_cancelled() {
            return Err(ActionError::Cancelled);
        }
        assert_ne!(exit_code, 99, "asked to panic");
        Ok(ExecutedAction {
            result: ActionResult { exit_code, ..ActionResult::default() },
            cached: false,
            report: None,
        })
    }
}

struct Gated {
    pool: Executions,
    begun: Receiver<(Digest, Cancel)>,
    exit: std::sync::mpsc::Sender<i32>,
}

fn gated(fixture: &Fixture, max_queued: usize) -> Gated {
    let (gate, begun, exit) = gate();
    let options = PoolOptions { workers: 1, max_queued };
    let pool = Executions::start(fixture.cas.clone(), fixture.cache.clone(), gate, options).expect("threads");
    Gated { pool, begun, exit }
}

pub(super) fn gate() -> (Arc<Gate>, Receiver<(Digest, Cancel)>, std::sync::mpsc::Sender<i32>) {
    let ((begun, began), (exit, exits)) = (channel(), channel());
    (Arc::new(Gate { begun: Mutex::new(begun), exit: Mutex::new(exits) }), began, exit)
}

/// A request, and what it is told.
pub(super) fn ask(pool: &Executions, request: &ActionRequest) -> (PendingRequest, Receiver<Progress>) {
    let (send, told) = channel();
    let ticket = pool.submit(request, move |progress| _ = send.send(progress)).expect("there is room");
    (ticket, told)
}

pub(super) fn answer(told: &Receiver<Progress>) -> ActionAnswer {
    loop {
        if let Progress::Completed(answer) = told.recv_timeout(PATIENCE).expect("an answer") {
            return answer;
        }
    }
}

pub(super) fn how(told: &Receiver<Progress>) -> AnswerSource {
    answer(told).expect("it has a result").answered
}

fn actions(fixture: &Fixture, count: usize) -> Vec<Digest> {
    (0..count).map(|n| fixture.store(&fixture.script(&format!("exit {n}"), &[]))).collect()
}

#[test]
fn identical_actions_run_once() {
    let fixture = &Fixture::new();
    let Gated { pool, begun, exit } = gated(fixture, 10);
    let request = request(actions(fixture, 1)[0]);
    let asked: Vec<_> = (0..5).map(|_| ask(&pool, &request)).collect();
    begun.recv_timeout(PATIENCE).expect("it begins");
    exit.send(0).expect("somebody waits");
    let answers: Vec<_> = asked.iter().map(|(_, told)| how(told)).collect();
    assert_eq!(answers[0], AnswerSource::Executed);
    assert!(answers[1..].iter().all(|how| *how == AnswerSource::Joined), "{answers:?}");
    assert_eq!(how(&ask(&pool, &request).1), AnswerSource::CacheHit);
    assert!(begun.try_recv().is_err());
    let fresh = ask(&pool, &ActionRequest { skip_cache_lookup: true, ..request });
    begun.recv_timeout(PATIENCE).expect("it begins again");
    exit.send(0).expect("somebody waits");
    assert_eq!(how(&fresh.1), AnswerSource::Executed);
}

#[test]
fn stages_are_told_in_order() {
    let fixture = &Fixture::new();
    let Gated { pool, begun, exit } = gated(fixture, 10);
    let (_ticket, told) = ask(&pool, &request(actions(fixture, 1)[0]));
    begun.recv_timeout(PATIENCE).expect("it begins");
    exit.send(0).expect("somebody waits");
    let stage = |progress| match progress {
        Progress::Queued => 1,
        Progress::Executing => 2,
        Progress::Completed(_) => 3,
    };
    let mut stages = Vec::new();
    while stages.last() != Some(&3) {
        stages.push(stage(told.recv_timeout(PATIENCE).expect("an answer")));
    }
    assert!(stages.is_sorted_by(|a, b| a < b) && stages.contains(&2), "{stages:?}");
}

#[test]
fn failed_actions_and_those_that_say_so_are_not_cached() {
    let fixture = &Fixture::new();
    let Gated { pool, begun, exit } = gated(fixture, 10);
    let plain = actions(fixture, 1)[0];
    let alone = fixture.store(&fixture.script(":", &[]).with(|draft| draft.action.do_not_cache = true));
    for (action, code) in [(plain, 1), (plain, 0), (alone, 0), (alone, 0)] {
        let asked = ask(&pool, &request(action));
        begun.recv_timeout(PATIENCE).expect("it begins");
        exit.send(code).expect("somebody waits");
        assert_eq!(how(&asked.1), AnswerSource::Executed);
    }
    // Two at the same time share nothing either.
    let both = [ask(&pool, &request(alone)), ask(&pool, &request(alone))];
    for (_, told) in &both {
        begun.recv_timeout(PATIENCE).expect("it begins");
        exit.send(0).expect("somebody waits");
        assert_eq!(how(told), AnswerSource::Executed);
    }
}

#[test]
fn the_urgent_go_first_and_joining_raises() {
    let fixture = &Fixture::new();
    let Gated { pool, begun, exit } = gated(fixture, 10);
    let actions = actions(fixture, 5);
    let with = |action: usize, priority| ActionRequest { priority, ..request(actions[action]) };
    let first = ask(&pool, &with(0, 0));
    begun.recv_timeout(PATIENCE).expect("it begins");
    let rest: Vec<_> =
        [(1, 5), (2, 1), (3, 5), (4, 9)].map(|(n, priority)| ask(&pool, &with(n, priority))).into();
    let raised = ask(&pool, &with(4, -1));
    let mut order = Vec::new();
    for _ in 0..4 {
        exit.send(0).expect("somebody waits");
        order.push(begun.recv_timeout(PATIENCE).expect("the next begins").0);
    }
    exit.send(0).expect("somebody waits");
    assert_eq!(order, [4, 2, 1, 3].map(|n| actions[n]));
    rest.iter().chain([&first, &raised]).for_each(|(_, told)| drop(answer(told)));
}

#[test]
fn the_last_who_leaves_takes_the_action_along() {
    let fixture = &Fixture::new();
    let Gated { pool, begun, exit } = gated(fixture, 10);
    let request = request(actions(fixture, 1)[0]);
    let (one, two) = (ask(&pool, &request), ask(&pool, &request));
    let (_, cancel) = begun.recv_timeout(PATIENCE).expect("it begins");
    drop(one.0);
    assert!(!cancel.is_cancelled());
    drop(two.0);
    assert!(cancel.is_cancelled());
    // Whoever asks now does not get the cancelled one.
    let three = ask(&pool, &request);
    exit.send(0).expect("somebody waits");
    begun.recv_timeout(PATIENCE).expect("it begins again");
    exit.send(0).expect("somebody waits");
    assert_eq!(how(&three.1), AnswerSource::Executed);
    assert!(two.1.try_iter().all(|progress| !matches!(progress, Progress::Completed(_))));
}

#[test]
fn the_queue_has_a_bound() {
    let fixture = &Fixture::new();
    let Gated { pool, begun, exit } = gated(fixture, 2);
    let actions = actions(fixture, 4);
    let running = ask(&pool, &request(actions[0]));
    begun.recv_timeout(PATIENCE).expect("it begins");
    let waiting = [ask(&pool, &request(actions[1])), ask(&pool, &request(actions[2]))];
    let refused = pool.submit(&request(actions[3]), |_| ()).map(drop);
    assert!(matches!(refused, Err(ActionError::Exhausted { .. })), "{refused:?}");
    // Joining needs no room.
    let joined = ask(&pool, &request(actions[1]));
    drop(waiting);
    assert_eq!(pool.load(), (1, 1));
    exit.send(0).and(exit.send(0)).expect("somebody waits");
    answer(&running.1).and(answer(&joined.1)).expect("both have a result");
}

#[test]
fn a_panic_costs_one_action() {
    let fixture = &Fixture::new();
    let Gated { pool, exit, begun: _begun } = gated(fixture, 10);
    let actions = actions(fixture, 2);
    exit.send(99).and(exit.send(0)).expect("the pool is there");
    let broken = ask(&pool, &request(actions[0]));
    assert!(matches!(answer(&broken.1), Err(ActionError::Internal { .. })));
    assert_eq!(how(&ask(&pool, &request(actions[1])).1), AnswerSource::Executed);
}

#[test]
fn closing_the_pool_answers_everybody() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 10);
    let endless =
        fixture.store(&fixture.script("/bin/sleep 1000", &[]).with(|draft| draft.action.timeout = None));
    let other = actions(fixture, 1)[0];
    let (running, waiting) = (ask(&pool, &request(endless)), ask(&pool, &request(other)));
    while !matches!(running.1.recv_timeout(PATIENCE), Ok(Progress::Executing)) {}
    drop(pool);
    assert_eq!(answer(&running.1).map(drop), Err(ActionError::Cancelled));
    assert_eq!(answer(&waiting.1).map(drop), Err(ActionError::Cancelled));
}

#[test]
fn a_cancelled_action_is_killed() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 10);
    let (cancel, action) = (Cancel::new(), fixture.store(&fixture.script("while :; do :; done", &[])));
    let cancelling = cancel.clone();
    let (ticket, told) = ask(&pool, &request(action));
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| pool.execute(&request(action), &cancel));
        while !matches!(told.recv_timeout(PATIENCE), Ok(Progress::Executing)) {}
        drop(ticket);
        cancelling.cancel();
        assert_eq!(waiter.join().expect("no panic").map(drop), Err(ActionError::Cancelled));
    });
    // Its worker is free again.
    let next = ask(&pool, &request(actions(fixture, 1)[0]));
    assert_eq!(how(&next.1), AnswerSource::Executed);
}

#[derive(Default)]
struct TestRecorder(Mutex<Vec<Subaction>>);

impl Recorder for TestRecorder {
    fn record(&self, subaction: Subaction) {
        self.0.lock().expect("nobody panics").push(subaction);
    }
}

#[test]
fn what_was_answered_is_recorded() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 10);
    let notes = Arc::new(TestRecorder::default());
    let recording = Recording::to(notes.clone());
    let before = SystemTime::now();
    let action = fixture.store(&fixture.script("echo 1 > a", &["a"]));
    let request = ActionRequest { recording, ..request(action) };
    for _ in 0..2 {
        pool.execute(&request, &Cancel::new()).expect("the action runs");
    }
    let notes = notes.0.lock().expect("nobody panics");
    let answered: Vec<_> = notes.iter().map(|note| (note.action, note.answered.as_str())).collect();
    assert_eq!(answered, [(action, "executed"), (action, "cache-hit")]);
    assert_eq!(notes[0].outcome, notes[1].outcome);
    let result = notes[0].outcome.as_ref().expect("it has a result");
    assert!(result.metadata.usage.is_some() && notes[0].asked >= before);
}

#[test]
fn a_result_whose_outputs_are_gone_is_made_again() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 10);
    let action = fixture.store(&fixture.script("mkdir d; echo deep > d/a", &["d"]));
    let run = || pool.execute(&request(action), &Cancel::new()).expect("the action runs").answered;
    assert_eq!([run(), run()], [AnswerSource::Executed, AnswerSource::CacheHit]);
    fixture.cas.quarantine(&fixture.blob("deep\n")).expect("the store works");
    assert_eq!([run(), run()], [AnswerSource::Executed, AnswerSource::CacheHit]);
}

#[test]
fn the_disk_does_as_well_as_memory() {
    let fixture = &Fixture::new();
    let script = "echo 1 > d/a; echo 1 > d/twin; read old < in; echo $old > d/old; echo said";
    let draft = fixture.script(script, &["d", "d/a"]).inputs(fixture.tree(&[("in", "0\n")]));
    let draft = draft.with(|draft| draft.action.do_not_cache = true);
    let results = [true, false].map(|in_memory| {
        let local = LocalOptions { in_memory, inline_output: 0, ..LocalOptions::default() };
        let pool = fixture.pool_with(local, PoolOptions { workers: 1, max_queued: 1 });
        let done = pool.execute(&request(fixture.store(&draft)), &Cancel::new());
        let result = done.expect("the action runs").result.clone();
        ActionResult { metadata: Default::default(), ..result }
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(fixture.text(&results[0].stdout.digest.expect("it is in the store")), "said\n");
    assert_eq!((results[0].files.len(), results[0].directories.len()), (1, 1));
}

#[test]
fn stores_share_workers_and_bounds_and_nothing_else() {
    let [one, other] = &Fixture::all();
    let Gated { pool, begun, exit } = gated(one, 1);
    let (gate, other_begun, other_exit) = gate();
    let other_pool = pool.for_store(other.cas.clone(), other.cache.clone(), gate);
    let name = actions(one, 1)[0];
    let running = ask(&pool, &request(name));
    begun.recv_timeout(PATIENCE).expect("it begins");
    let theirs = actions(other, 2);
    let waiting = ask(&other_pool, &request(theirs[0]));
    assert_eq!((pool.load(), other_pool.load()), ((1, 1), (1, 1)));
    let refused = other_pool.submit(&request(theirs[1]), |_| {}).expect_err("one waits already");
    assert!(matches!(refused, ActionError::Exhausted { .. }), "{refused}");
    assert!(other_begun.try_recv().is_err(), "the only worker is busy");
    // The threads go on while one of the two is there.
    drop(pool);
    exit.send(0).expect("somebody waits");
    assert_eq!(how(&running.1), AnswerSource::Executed);
    other_begun.recv_timeout(PATIENCE).expect("it begins");
    other_exit.send(0).expect("somebody waits");
    assert_eq!(how(&waiting.1), AnswerSource::Executed);
    assert_eq!(other.cache.get(&GrantedAction::unseen(&name)).expect("the cache works"), None);
    let absent = other_pool.submit(&request(name), |_| {}).expect_err("it is in the other store");
    assert!(matches!(absent, ActionError::Missing { .. }), "{absent}");
}
