//! What actions in flight cost.

use std::sync::mpsc;
use std::time::Duration;

use spec_execution::Progress;
use spec_testkit::{Host, Service};

use crate::cluster::{TestClient, TestCluster};

/// Bytes of memory that this process has.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

#[test]
fn a_thousand_actions_in_flight_take_less_than_200_megabytes() {
    let cluster = TestCluster::start();
    let client = TestClient::of(&cluster);
    let before = resident();
    let (send, answers) = mpsc::channel();
    let pending: Vec<_> = (0..1000)
        .map(|number| {
            let action = client.action(&format!("sleep {number}"), &[("input", b"input")]);
            let send = send.clone();
            let listen = move |progress| {
                if let Progress::Completed(answer) = progress {
                    send.send(answer.is_ok()).expect("the test waits");
                }
            };
            client.executions.submit(&TestClient::request(&action), listen).expect("there is room")
        })
        .collect();
    cluster.wait_until_running(1000);
    // The server and its threads are in this process, too.
    let taken = resident().saturating_sub(before) >> 20;
    assert!(taken < 200, "{taken} MB");
    (0..1000).for_each(|_| assert!(answers.recv().expect("all are answered")));
    drop(pending);
}

/// The time of processors that this process has used, in steps of a hundredth of a second.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("the kernel tells");
    let (_, rest) = stat.rsplit_once(')').expect("the name is in brackets");
    let ticks = rest.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
    Duration::from_millis(10) * u32::try_from(ticks.sum::<u64>()).expect("a short test")
}

#[test]
fn an_action_costs_the_client_less_than_a_millisecond() {
    const COUNT: u32 = 1000;
    let server = Host::new();
    let service = Service::start(&server, &[]);
    let client = TestClient::at(&service.url());
    let input = ("input", &b"input"[..]);
    let actions: Vec<_> = (0..=COUNT).map(|number| client.action(&format!("{number}"), &[input])).collect();
    // Its workers could not execute them: it has the results already.
    actions.iter().for_each(|action| client.give_result(action));
    client.execute(&actions[0]).expect("it is a hit");
    let (time, requests) = (processor_time(), client.requests());
    for action in &actions[1..] {
        client.execute(action).expect("it is a hit");
    }
    let each = (processor_time() - time) / COUNT;
    eprintln!("{each:?} and {} requests for {COUNT} actions", client.requests() - requests);
    assert!(each < Duration::from_millis(1), "{each:?}");
}
