//! Output through pipes is complete and in order, however the command ends.

use super::fixture::{Fixture, PATIENCE, shell};
use crate::{OutputPipe, OutputTarget, SandboxCommand, SandboxError, Termination, spawn};
use std::io::{self, Write};
use std::time::{Duration, Instant};

#[test]
fn nothing_is_lost_however_it_ends() {
    let most = "yes 0123456789 | head -n 100000";
    let table = [
        (most.to_owned(), Termination::Exited(0), 1_100_000),
        (format!("{most}; kill -9 $$"), Termination::Signaled(9), 1_100_000),
        (format!("{most}; sleep 60"), Termination::TimedOut, 1_100_000),
        ("(sleep 0.1; echo late) & echo early".to_owned(), Termination::Exited(0), 6),
    ];
    for (script, termination, length) in table {
        let command = SandboxCommand { timeout: Some(Duration::from_secs(5)), ..shell(&script) };
        let (ended, text) = Fixture::new().run(command).expect("runs");
        assert_eq!((ended, text.len()), (termination, length), "{script}");
    }
}

#[test]
fn both_outputs_of_one_stream_keep_their_order() {
    let script = "i=0; while test $i -lt 600; do echo $i; i=$((i+1)); echo $i >&2; i=$((i+1)); done";
    let expect: String = (0..600).map(|number| format!("{number}\n")).collect();
    Fixture::new().check(script, &expect);
}

/// Counts bytes and drops them.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn two_streams_and_a_deadline() {
    let fixture = Fixture::new();
    let [(stdout, out_end), (stderr, err_end)] =
        [0, 0].map(|none| OutputPipe::new(Counter(none)).expect("a pipe"));
    let script = "head -c 3000000 /dev/zero; head -c 70000 /dev/zero >&2; exec sleep 60";
    let command = SandboxCommand {
        stdout: OutputTarget::Fd(out_end),
        stderr: OutputTarget::Fd(err_end),
        ..shell(script)
    };
    let mut running = spawn(&fixture.root, &command).expect("starts");
    let mut streams = [stdout, stderr];
    let start = Instant::now();
    loop {
        let next =
            running.read_until(Instant::now() + Duration::from_millis(20), &mut streams).expect("runs");
        assert_eq!(next, None, "it sleeps");
        if streams[1].sink().0 == 70_000 {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "all of it comes");
    }
    running.kill();
    let outcome = running.read(&mut streams).expect("ran");
    assert_eq!(outcome.termination, Termination::Cancelled);
    assert_eq!(streams.map(|stream| stream.into_sink().0), [3_000_000, 70_000]);
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_ends_the_command() {
    let fixture = Fixture::new();
    let (stream, end) = OutputPipe::new(Full).expect("a pipe");
    let command = SandboxCommand { stdout: OutputTarget::Fd(end), ..shell("echo x; sleep 60") };
    let start = Instant::now();
    let error = spawn(&fixture.root, &command).expect("starts").read(&mut [stream]).expect_err("it is full");
    assert!(matches!(&error, SandboxError::Output { .. }) && start.elapsed() < PATIENCE / 2, "{error}");
    assert_eq!(error.reason(), "sandbox-output-failed");
}

#[test]
fn a_writer_that_outlives_the_sandbox_is_not_waited_for() {
    let fixture = Fixture::new();
    let (stream, end) = OutputPipe::new(Vec::new()).expect("a pipe");
    let kept = end.try_clone().expect("a descriptor");
    let command = SandboxCommand { stdout: OutputTarget::Fd(end), ..shell("echo over") };
    let mut streams = [stream];
    spawn(&fixture.root, &command).expect("starts").read(&mut streams).expect("runs");
    let [stream] = streams;
    assert_eq!(stream.into_sink(), b"over\n");
    drop(kept);
}
