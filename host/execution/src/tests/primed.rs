//! Actions that nobody has asked for yet give way to those that somebody has.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use spec_model::{AnswerSource, Cancel, Digest};

use super::fixture::{Fixture, request};
use super::pool::{PATIENCE, answer, ask, how};

use crate::outcome::ActionError;
use crate::pool::{Executions, PendingRequest};
use crate::request::{ActionRequest, Progress};

const ENDLESS: &str = "while :; do :; done";

fn prime(pool: &Executions, action: Digest) -> (PendingRequest, Receiver<Progress>) {
    ask(pool, &ActionRequest { primed: true, priority: 1, ..request(action) })
}

/// Waits until this many actions wait and run.
fn until(pool: &Executions, load: (usize, usize)) {
    let deadline = Instant::now() + PATIENCE;
    while pool.load() != load {
        assert!(Instant::now() < deadline, "{:?} instead of {load:?}", pool.load());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_request_does_not_wait_for_a_primed_action() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 10);
    let primed = prime(&pool, fixture.store(&fixture.script(ENDLESS, &[])));
    for number in 0..3 {
        until(&pool, (0, 1));
        let asked = fixture.store(&fixture.script(&format!("echo {number}"), &[]));
        let done = pool.execute(&request(asked), &Cancel::new()).expect("the action runs");
        assert_eq!(done.answered, AnswerSource::Executed);
    }
    // That was once too often.
    assert_eq!(answer(&primed.1).map(drop), Err(ActionError::Cancelled));
    until(&pool, (0, 0));
}

#[test]
fn a_primed_action_keeps_its_worker_while_somebody_has_joined_it() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 10);
    let endless = fixture.store(&fixture.script(ENDLESS, &[]));
    let primed = prime(&pool, endless);
    until(&pool, (0, 1));
    let joined = ask(&pool, &request(endless));
    let waiting = ask(&pool, &request(fixture.store(&fixture.script("echo 1", &[]))));
    assert_eq!(pool.load(), (1, 1));
    drop(joined);
    assert_eq!(how(&waiting.1), AnswerSource::Executed);
    drop(primed);
}

#[test]
fn primed_actions_leave_the_processor_to_others() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 10);
    let own = rustix::process::getpriority_process(None).expect("everybody may ask");
    for (primed, nice) in [(false, own), (true, own.max(10))] {
        let script = format!("read -r line < /proc/self/stat; set -- $line; echo ${{19}} {primed}");
        let request = ActionRequest { primed, ..request(fixture.store(&fixture.script(&script, &[]))) };
        let done = pool.execute(&request, &Cancel::new()).expect("the action runs");
        assert_eq!(done.result.stdout.raw, format!("{nice} {primed}\n").into_bytes());
    }
}
