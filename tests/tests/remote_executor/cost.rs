//! What actions cost the client. The cluster is in another process, so that only the client is measured.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use spec_execution::Progress;

use crate::client::TestClient;

/// A cluster in another process.
struct ClusterProcess {
    child: Child,
    address: String,
}

impl ClusterProcess {
    fn start() -> Self {
        let test = std::env::current_exe().expect("a test knows its own path");
        let mut command = Command::new(test.with_file_name("../examples/remote_executor_cluster"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("it is a pipe")).lines();
        let address =
            lines.map_while(Result::ok).find_map(|line| Some(line.split_once("unix:")?.1.to_owned()));
        Self { child, address: format!("unix:{}", address.expect("it listens")) }
    }
}

impl Drop for ClusterProcess {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Bytes of memory that this process has.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// The time of processors that this process has used, in steps of a hundredth of a second.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("the kernel tells");
    let (_, rest) = stat.rsplit_once(')').expect("the name is in brackets");
    let ticks = rest.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
    Duration::from_millis(10) * u32::try_from(ticks.sum::<u64>()).expect("a short test")
}

/// Both are measured in one test, since they are measured of the process.
#[test]
fn actions_cost_the_client_little_time_and_memory() {
    const COUNT: u32 = 1000;
    let cluster = ClusterProcess::start();
    let before = resident();
    let client = TestClient::at(&cluster.address);
    let input = ("input", &b"input"[..]);
    let actions: Vec<_> = (0..COUNT).map(|number| client.action(&format!("{number}"), &[input])).collect();
    client.execute(&client.action("first", &[input])).expect("it is executed");
    let (time, requests) = (processor_time(), client.requests());
    for action in &actions {
        client.execute(action).expect("it is executed");
    }
    let (each, requests) = ((processor_time() - time) / COUNT, client.requests() - requests);
    let time = processor_time();
    for action in &actions {
        client.execute_again(action).expect("it is executed");
    }
    let known = (processor_time() - time) / COUNT;
    let memory = thousand_in_flight(&client).saturating_sub(before) >> 20;
    eprintln!(
        "new: {each:?} and {requests} requests for {COUNT}; known: {known:?}; 1,000 in flight: {memory} MB"
    );
    // Measured alone on a quiet machine it is under one; most of it is what the disk needs for the results.
    assert!(known < Duration::from_millis(3), "{known:?}");
    assert!(memory < 120, "{memory} MB");
}

/// The memory that the process has while a thousand actions are executed.
fn thousand_in_flight(client: &TestClient) -> u64 {
    let (send, answers) = mpsc::channel();
    let pending: Vec<_> = (0..1000)
        .map(|number| {
            let action = client.action(&format!("sleep {number}"), &[("input", b"input")]);
            let send = send.clone();
            let listen = move |progress| match progress {
                Progress::Completed(answer) => send.send(answer.is_ok()).expect("the test waits"),
                Progress::Queued | Progress::Executing => {}
            };
            client.executions.submit(&TestClient::request(&action), listen).expect("there is room")
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let taken = resident();
    let all_are_good = (0..1000).all(|_| answers.recv().expect("all are answered"));
    assert!(all_are_good);
    drop(pending);
    taken
}
