//! How many round trips an action takes over a slow wire.

use std::time::{Duration, Instant};

use spec_execution::ActionRequest;
use spec_model::{Cancel, Digest};
use spec_testkit::engines::{FarEnd, Wire};

use crate::client::{TestClient, output};
use crate::cluster::TestCluster;

const ROUND_TRIP: Duration = Duration::from_millis(400);

/// How many round trips it takes to prime an action. `known` is one whose messages the cluster has, and that it is to execute again.
fn round_trips(client: &TestClient, action: &Digest, known: bool) -> u128 {
    let request = ActionRequest { primed: true, skip_cache_lookup: known, ..TestClient::request(action) };
    let (before, start) = (client.requests(), Instant::now());
    client.executions.execute(&request, &Cancel::new()).expect("it is executed");
    let requests = client.requests() - before;
    let trips = start.elapsed().as_millis() / ROUND_TRIP.as_millis();
    assert!(u128::from(requests) >= trips, "{requests} requests in {trips} round trips");
    trips
}

#[test]
fn a_primed_action_takes_one_round_trip_and_one_more_for_what_the_cluster_lacks() {
    let cluster = TestCluster::start();
    let wire = Wire::to(FarEnd::Unix(cluster.address().trim_start_matches("unix:").into()), ROUND_TRIP);
    let client = TestClient::at(&wire.url());
    let input = vec![7; 300_000];
    let input = ("input", &input[..]);
    client.prime(&client.action("first", &[input])).expect("it is executed");
    // The action and its command are new. They are sent while a result is looked for.
    let second = client.action("second", &[input]);
    assert_eq!(round_trips(&client, &second, false), 2);
    // The contents of a file are new, too: the cluster is asked for them before they are sent.
    let third = client.action("third", &[input, ("other", b"new")]);
    assert_eq!(round_trips(&client, &third, false), 3);
    for known in [second, third] {
        assert_eq!(round_trips(&client, &known, true), 1);
    }
}

#[test]
fn outputs_that_will_be_read_come_together() {
    let cluster = TestCluster::start();
    let wire = Wire::to(FarEnd::Unix(cluster.address().trim_start_matches("unix:").into()), Duration::ZERO);
    let client = TestClient::at(&wire.url());
    let made = ["one", "two", "three", "four"].map(|told| {
        let answer = client.prime(&client.action(told, &[("input", told.as_bytes())]));
        output(&answer.expect("it is executed"))
    });
    wire.set_round_trip(ROUND_TRIP);
    let (before, start) = (client.requests(), Instant::now());
    client.cas.expect(&made);
    client.cas.expect(&made[1..]);
    assert!(start.elapsed() < ROUND_TRIP, "nobody waits for it");
    for digest in &made {
        client.cas.get(digest).expect("it can be had");
    }
    assert_eq!(client.requests() - before, 1, "all come with one request");
    assert_eq!(start.elapsed().as_millis() / ROUND_TRIP.as_millis(), 1);
    assert_eq!(client.store.missing(&made).expect("the store works"), []);
}
