//! Actions that take more than they may, and work that is given up.

use std::time::{Duration, Instant};

use spec_model::{ActionResult, Cancel, UserError};

use super::fixture::{Draft, Fixture, request};

use crate::local::ActionLimits;
use crate::local::LocalOptions;
use crate::outcome::ActionError;
use crate::pool::PoolOptions;

const ONE: PoolOptions = PoolOptions { workers: 1, max_queued: 10 };

fn run(fixture: &Fixture, limits: ActionLimits, draft: &Draft) -> Result<ActionResult, ActionError> {
    let pool = fixture.pool_with(LocalOptions { limits, ..LocalOptions::default() }, ONE);
    pool.execute(&request(fixture.store(draft)), &Cancel::new()).map(|done| done.result.clone())
}

fn too_large(fixture: &Fixture, limits: ActionLimits, draft: &Draft) -> (&'static str, String) {
    match run(fixture, limits, draft) {
        Err(error @ ActionError::TooLarge { setting, .. }) => (setting, error.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_more_than_a_limit_is_told_with_its_setting() {
    let fixture = &Fixture::new();
    let limits = ActionLimits { bytes: 3 << 20, entries: 100, stream: 1 << 20, ..ActionLimits::default() };
    let many = "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo > d/$i; done";
    let megabytes =
        |count: u32, file: &str| format!("/bin/dd if=/dev/zero of={file} bs=1M count={count} 2>/dev/null");
    for (name, setting, script, outputs) in [
        ("a stream", "action-log-size", "/bin/dd if=/dev/zero bs=1M count=2 2>/dev/null".to_owned(), &[][..]),
        ("a file", "action-size", megabytes(4, "a"), &["a"]),
        ("two files", "action-size", format!("{}; {}", megabytes(2, "a"), megabytes(2, "b")), &["a", "b"]),
        (
            "a sparse file",
            "action-size",
            "/bin/dd if=/dev/null of=a bs=1 seek=4M 2>/dev/null".to_owned(),
            &["a"],
        ),
        ("a folder", "action-size", format!("/bin/mkdir d; {}", megabytes(4, "d/a")), &["d"]),
        ("entries", "action-entries", format!("/bin/mkdir d; {many}"), &["d"]),
        // These would never end by themselves, and make no outputs.
        ("an endless stream", "action-log-size", "while :; do echo 0123456789; done".to_owned(), &[]),
        ("endless bytes", "action-size", format!("{}; /bin/sleep 60", megabytes(100, "other")), &[]),
    ] {
        let started = Instant::now();
        let (found, text) = too_large(fixture, limits, &fixture.script(&script, outputs));
        assert_eq!(found, setting, "{name}: {text}");
        assert!(started.elapsed() < Duration::from_secs(30), "{name}");
    }
    let fits = format!("/bin/mkdir d; {}; {}", megabytes(1, "d/a"), megabytes(1, "b"));
    assert_eq!(
        run(fixture, limits, &fixture.script(&fits, &["d", "b"])).map(|result| result.exit_code),
        Ok(0)
    );
}

#[test]
fn an_action_that_takes_too_much_memory_is_run_on_the_disk() {
    let fixture = &Fixture::new();
    let limits = ActionLimits { memory: 2 << 20, ..ActionLimits::default() };
    let script = "/bin/dd if=/dev/zero of=a bs=1M count=8 2>/dev/null; /bin/sleep 1; echo > b";
    let result = run(fixture, limits, &fixture.script(script, &["a", "b"])).expect("the disk has room");
    assert_eq!((result.exit_code, result.files.len()), (0, 2));
}

/// A file of so many bytes that to read it takes very long, and to write it no time.
fn endless(fixture: &Fixture) -> Draft {
    fixture.script("/bin/dd if=/dev/null of=a bs=1 seek=200G 2>/dev/null", &["a"])
}

#[test]
fn outputs_that_take_too_long_are_given_up() {
    let fixture = &Fixture::new();
    let limits = ActionLimits { bytes: u64::MAX, ..ActionLimits::default() };
    let options = LocalOptions { limits, transfer: Duration::ZERO, ..LocalOptions::default() };
    let pool = fixture.pool_with(options, ONE);
    let draft = endless(fixture);
    let short = draft.clone().with(|draft| {
        draft.action.timeout = Some(spec_proto::well_known::Duration { seconds: 1, nanos: 0 });
    });
    let started = Instant::now();
    let late = pool.execute(&request(fixture.store(&short)), &Cancel::new()).expect_err("it takes minutes");
    assert_eq!(late.reason(), "action-timed-out");
    let cancel = Cancel::new();
    let action = fixture.store(&draft);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| pool.execute(&request(action), &cancel));
        std::thread::sleep(Duration::from_millis(500));
        cancel.cancel();
        assert_eq!(waiter.join().expect("it does not panic"), Err(ActionError::Cancelled));
    });
    // The worker is free again.
    let next = pool.execute(&request(fixture.store(&fixture.script(":", &[]))), &Cancel::new());
    assert!(next.is_ok() && started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}
