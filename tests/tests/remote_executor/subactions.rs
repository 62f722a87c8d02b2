//! What was requested through sockets on the cluster is found there, and checked.

use std::time::{Duration, Instant};

use spec_model::{Cancel, Digest};
use spec_testkit::faulty::{Fault, FaultyServer};
use tonic::Code;

use crate::client::{TestClient, output};
use crate::cluster::{TestCluster, directory};

/// A cluster that has executed two actions for somebody else.
fn cluster_with_results() -> (TestCluster, Digest, Digest, Digest) {
    let cluster = TestCluster::start();
    let other = TestClient::of(&cluster);
    let file = other.action("one", &[("input", b"input")]);
    let folder = other.directory_action("two", &[("input", b"input")]);
    let answer = other.execute(&file).expect("it is executed");
    other.execute(&folder).expect("it is executed");
    (cluster, file, folder, output(&answer))
}

fn find(client: &TestClient, actions: &[Digest]) -> Vec<Digest> {
    let found = client.executions.find_subactions(actions, &Cancel::new());
    actions.iter().filter(|action| found.contains_key(action)).copied().collect()
}

#[test]
fn results_are_found_with_the_messages_and_without_contents() {
    let (cluster, file, folder, made) = cluster_with_results();
    let client = TestClient::of(&cluster);
    let (unknown, no_action) = (Digest::of(b"unknown"), Digest::of(b"input"));
    let huge = Digest::new(*Digest::of(b"huge").hash(), 1 << 40);
    assert_eq!(find(&client, &[file, unknown, folder, no_action, huge, file]), [file, folder, file]);
    let found = client.executions.find_subactions(&[file], &Cancel::new());
    assert_eq!(found[&file].files[0].digest, made);
    let here = |digest: &Digest| client.store.contains(digest).expect("the store answers");
    let inputs = directory(&client.store, &[("input", b"input")]);
    assert!(here(&file) && here(&inputs));
    assert!(!here(&made), "outputs stay there");
    let cancelled = Cancel::new();
    cancelled.cancel();
    assert!(client.executions.find_subactions(&[file], &cancelled).is_empty());
}

#[test]
fn what_a_server_says_wrongly_is_not_taken() {
    let (cluster, file, folder, _) = cluster_with_results();
    let cases: [(&str, Fault, &[Digest]); 8] = [
        ("GetActionResult", Fault::Garbage, &[]),
        ("GetActionResult", Fault::Refuse(Code::Unavailable, "restarting"), &[]),
        ("GetActionResult", Fault::Refuse(Code::NotFound, "unknown"), &[]),
        ("BatchReadBlobs", Fault::WrongBytes, &[]),
        ("BatchReadBlobs", Fault::WrongDigests, &[]),
        ("BatchReadBlobs", Fault::Forget, &[]),
        ("BatchReadBlobs", Fault::Garbage, &[]),
        ("GetActionResult", Fault::NoOutputs, &[file, folder]),
    ];
    for (method, fault, expected) in cases {
        let faulty = FaultyServer::in_front_of(&cluster.address());
        let client = TestClient::at(&faulty.url());
        faulty.inject_in(method, fault.clone());
        let start = Instant::now();
        assert_eq!(find(&client, &[file, folder]), expected, "{method}: {fault:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "{method}: {fault:?}: {:?}", start.elapsed());
    }
}

#[test]
fn somebody_elses_result_is_no_result() {
    let (cluster, file, folder, _) = cluster_with_results();
    let faulty = FaultyServer::in_front_of(&cluster.address());
    let client = TestClient::at(&faulty.url());
    faulty.inject_in("GetActionResult", Fault::OthersResult);
    // From now on all get the result that the first gets.
    assert_eq!(find(&client, &[folder]), [folder]);
    assert_eq!(find(&client, &[file, folder]), [folder]);
}

#[test]
fn a_server_that_says_nothing_costs_its_time_out() {
    let (cluster, file, folder, _) = cluster_with_results();
    for method in ["GetActionResult", "BatchReadBlobs"] {
        let faulty = FaultyServer::in_front_of(&cluster.address());
        faulty.inject_in(method, Fault::Hang);
        let client = TestClient::impatient_at(&faulty.url(), Duration::from_millis(200));
        let start = Instant::now();
        assert_eq!(find(&client, &[file, folder]), [], "{method}");
        assert!(start.elapsed() < Duration::from_secs(45), "{method}: {:?}", start.elapsed());
    }
}
