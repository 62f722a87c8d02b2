//! Time-outs, cancelling, death of the host or of the supervisor: no process stays behind.

use super::fixture::{Fixture, PATIENCE, alive, ancestry, eventually, marked, marker, shell};
use crate::{OutputTarget, SandboxCommand, SandboxError, Termination, clear_work, spawn};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

/// Sleeps in the foreground and in a daemon; says so when both are about to.
fn sleepers(marker: &str) -> String {
    format!("(setsid sleep {marker} &) ; echo up; sleep {marker}; sleep {marker}")
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(pid as i32).expect("no process has number 0");
    kill_process(pid, Signal::KILL).expect("the process is ours");
}

#[test]
fn time_out_kills_daemons_too() {
    let (fixture, marker) = (Fixture::new(), marker());
    let command = SandboxCommand { timeout: Some(Duration::from_millis(500)), ..shell(&sleepers(&marker)) };
    assert_eq!(fixture.run(command).expect("runs"), (Termination::TimedOut, "up\n".into()));
    assert_eq!(marked(&marker), []);
    assert_eq!(fixture.upper(), Vec::<String>::new());
}

#[test]
fn end_of_the_command_is_the_end_of_its_daemons() {
    let (fixture, marker) = (Fixture::new(), marker());
    fixture.check(&format!("(setsid sleep {marker} &); echo over"), "over\n");
    assert_eq!(marked(&marker), []);
}

#[test]
fn cancelling_kills_everything() {
    let (fixture, marker) = (Fixture::new(), marker());
    let mut running = spawn(&fixture.root, &shell(&sleepers(&marker))).expect("starts");
    eventually("both sleep", || marked(&marker).len() >= 3);
    assert_eq!(running.wait_until(Instant::now()).expect("runs"), None);
    let kill_handle = running.kill_handle();
    std::thread::spawn(move || kill_handle.kill()).join().expect("does not panic");
    let outcome = running.wait_until(Instant::now() + PATIENCE).expect("ran").expect("is over");
    assert_eq!(outcome.termination, Termination::Cancelled);
    assert_eq!(marked(&marker), []);
}

#[test]
fn dropping_kills_everything() {
    let (fixture, marker) = (Fixture::new(), marker());
    let running = spawn(&fixture.root, &shell(&sleepers(&marker))).expect("starts");
    eventually("both sleep", || marked(&marker).len() >= 3);
    drop(running);
    assert_eq!(marked(&marker), []);
}

#[test]
fn zombies_are_reaped() {
    let script = "(sh -c 'exit 3' & exec sleep 0) & wait; i=0; \
                  while grep -lqs '^State:.Z' /proc/[0-9]*/status && test $i -lt 500; do \
                  sleep 0.01; i=$((i+1)); done; test $i -lt 500 && echo none";
    Fixture::new().check(script, "none\n");
}

#[test]
fn usage_covers_the_tree() {
    let fixture = Fixture::new();
    let script = "(i=0; while test $i -lt 100000; do i=$((i+1)); done) & wait";
    let usage = spawn(&fixture.root, &shell(script)).expect("starts").wait().expect("runs").usage;
    let work = usage.user + usage.system;
    assert!(work > Duration::ZERO && usage.wall > Duration::ZERO && usage.max_rss > 100_000, "{usage:?}");
}

#[test]
fn many_at_once() {
    std::thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                Fixture::new().check(&format!("echo {number} > f; cat f"), &format!("{number}\n"))
            });
        }
    });
}

/// Not a test: the host that the next test kills. Its sandbox prints to its standard output.
#[test]
#[ignore = "started by another test"]
fn host_that_will_be_killed() {
    let marker = std::env::var("MARKER").expect("given by the test");
    let fixture = Fixture::new();
    eprintln!("{}", fixture.path().display());
    let command = SandboxCommand { stdout: OutputTarget::Inherit, ..shell(&sleepers(&marker)) };
    spawn(&fixture.root, &command).expect("starts").wait().expect("runs");
}

#[test]
fn death_of_the_host_is_the_end_of_everything() {
    let marker = marker();
    let mut host = Process::new("/proc/self/exe")
        .args(["--ignored", "--exact", "--nocapture", "tests::lifetime::host_that_will_be_killed"])
        .env("MARKER", &marker)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test program can be run");
    let mut lines = BufReader::new(host.stderr.take().expect("a pipe")).lines();
    let scratch = lines.next().expect("a line").expect("UTF-8");
    eventually("both sleep", || marked(&marker).len() >= 3);
    let pids: Vec<u32> = marked(&marker).into_iter().flat_map(|pid| ancestry(pid, host.id())).collect();
    assert!(pids.len() >= 5, "supervisor, init, shell, two sleeping: {pids:?}");
    kill(host.id());
    host.wait().expect("it was killed");
    eventually("the end of every process", || !pids.iter().any(|pid| alive(*pid)));
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    assert!(!mounts.contains(&scratch), "{mounts}");
    let upper = std::fs::read_dir(format!("{scratch}/upper")).expect("the upper directory stays");
    assert_eq!(upper.count(), 0, "mount points were left behind");
    clear_work(&Path::new(&scratch).join("work")).expect("nothing runs any more");
    std::fs::remove_dir_all(scratch).expect("nothing is mounted");
}

#[test]
fn death_of_the_supervisor_is_the_end_of_everything() {
    let (fixture, marker) = (Fixture::new(), marker());
    let running = spawn(&fixture.root, &shell(&sleepers(&marker))).expect("starts");
    eventually("both sleep", || marked(&marker).len() >= 3);
    let pids: Vec<u32> =
        marked(&marker).into_iter().flat_map(|pid| ancestry(pid, std::process::id())).collect();
    let supervisor = pids.iter().copied().find(|pid| ancestry(*pid, std::process::id()).len() == 1);
    kill(supervisor.expect("a child of ours"));
    assert!(matches!(running.wait(), Err(SandboxError::Lost)));
    eventually("the end of every process", || !pids.iter().any(|pid| alive(*pid)));
    clear_work(&fixture.root.work).expect("nothing runs any more");
    std::fs::remove_dir(&fixture.root.work).expect("it is empty");
}

/// Groups of this process that are there.
fn groups() -> Vec<std::path::PathBuf> {
    let ours = format!("spec-host-{}-", std::process::id());
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    let points =
        mounts.lines().filter(|line| line.contains(" - cgroup2 ")).filter_map(|line| line.split(' ').nth(4));
    let entries = points.filter_map(|point| std::fs::read_dir(point).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().contains(&ours)).collect()
}

#[test]
fn a_control_group_holds_the_command_and_goes_with_it() {
    let (fixture, marker) = (Fixture::new(), marker());
    let running = spawn(&fixture.root, &shell(&sleepers(&marker))).expect("starts");
    eventually("both sleep", || marked(&marker).len() >= 3);
    let pids = marked(&marker);
    let group = groups().into_iter().find(|group| {
        let processes = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        let inside: Vec<u32> = processes.lines().filter_map(|line| line.parse().ok()).collect();
        pids.iter().all(|pid| inside.contains(pid))
    });
    // An ordinary user has no groups here.
    assert!(group.is_some() || groups().is_empty(), "{pids:?} are in none of {:?}", groups());
    let kill = group.as_ref().map(|group| group.join("cgroup.kill")).filter(|kill| kill.exists());
    match kill {
        Some(kill) => {
            std::fs::write(kill, "1").expect("it is ours");
            assert!(matches!(running.wait(), Err(SandboxError::Lost)));
        }
        None => drop(running),
    }
    assert_eq!(marked(&marker), []);
    assert!(group.is_none_or(|group| !group.exists()));
}
