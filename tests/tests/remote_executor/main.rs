//! The executor of a cluster, with our own server in the same process as the cluster, whose workers do as they are told.

mod client;
mod cluster;
mod cost;
mod faults;
mod queue;
mod roots;
mod round_trips;
mod subactions;

use std::time::Duration;

use client::{TestClient, output};
use cluster::{TestCluster, directory};
use spec_execution::ActionError;
use spec_model::{AnswerSource, Cancel, UserError};
use spec_remote_execution::ClusterEvent;
use spec_testkit::faulty::{Fault, FaultyServer};
use spec_testkit::wait_for;

#[test]
fn what_the_cluster_has_is_not_sent_again_and_an_action_that_it_has_takes_one_request() {
    let cluster = TestCluster::start();
    let client = TestClient::of(&cluster);
    let first = client.action("first", &[("input", b"input")]);
    let answer = client.execute(&first).expect("it is executed");
    assert_eq!(answer.answered, AnswerSource::Executed);
    let before = client.requests();
    // Only the action and its command are new: they are sent while the result is looked for.
    let second = client.action("second", &[("input", b"input")]);
    client.execute(&second).expect("it is executed");
    assert_eq!(client.requests() - before, 3, "result, messages, execution");
    let before = client.requests();
    client.execute_again(&second).expect("it is executed");
    assert_eq!(client.requests() - before, 1);
    assert_eq!(cluster.executed(), 3);
}

#[test]
fn another_client_sends_nothing_for_a_result_that_is_there() {
    let cluster = TestCluster::start();
    let input = vec![7; 200_000];
    let first = TestClient::of(&cluster);
    first.execute(&first.action("shared", &[("input", &input)])).expect("it is executed");
    let second = TestClient::of(&cluster);
    let answer = second.execute(&second.action("shared", &[("input", &input)])).expect("it is a hit");
    assert_eq!(answer.answered, AnswerSource::CacheHit);
    let sent = second.statistics().bytes_up;
    assert!(sent < 5_000, "{sent} bytes were sent");
    assert_eq!(cluster.executed(), 1);
}

#[test]
fn inputs_that_are_expected_are_looked_for_before_the_first_action() {
    let cluster = TestCluster::start();
    let inputs: [(&str, &[u8]); 1] = [("input", &[7; 200_000])];
    let other = TestClient::of(&cluster);
    other.execute(&other.action("first", &inputs)).expect("it is executed");
    let mut requests = Vec::new();
    for expects in [false, true] {
        let client = TestClient::of(&cluster);
        let root = directory(&client.store, &inputs);
        client.executions.expect_actions(&[root][..usize::from(expects)]);
        wait_for("the connection", || client.requests() == 1 + u64::from(expects));
        let before = client.requests();
        client.execute(&client.action(&format!("expects {expects}"), &inputs)).expect("it is executed");
        requests.push(client.requests() - before);
        assert!(client.statistics().bytes_up < 5_000, "the input is there");
    }
    assert_eq!(requests, [4, 3], "result, messages, execution, and what is not known is asked for");
}

#[test]
fn outputs_stay_there_until_somebody_reads_them() {
    let cluster = TestCluster::start();
    let client = TestClient::of(&cluster);
    let answer = client.prime(&client.action("made", &[])).expect("it is executed");
    let output = output(&answer);
    assert!(client.cas.contains(&output).expect("the store answers"), "it counts as here");
    assert!(!client.store.contains(&output).expect("the store answers"), "and is not");
    let before = client.requests();
    assert_eq!(client.cas.get(&output).expect("it comes"), b"made by made");
    assert!(client.store.contains(&output).expect("the store answers"));
    client.cas.get(&output).expect("it is here");
    assert_eq!(client.requests() - before, 1);
}

#[test]
fn an_output_that_is_lost_is_made_again() {
    let cluster = TestCluster::start();
    let client = TestClient::of(&cluster);
    let answer = client.prime(&client.action("lost", &[("input", b"input")])).expect("it is executed");
    cluster.forget_blobs();
    assert_eq!(client.cas.get(&output(&answer)).expect("it is made again"), b"made by lost");
    assert_eq!(cluster.executed(), 2);
    // The inputs of others were lost with it; what is known to be there is found to be wrong.
    cluster.forget_blobs();
    client.execute(&client.action("other", &[("input", b"input")])).expect("it is uploaded again");
}

#[test]
fn an_output_that_is_lost_with_the_cluster_is_made_here() {
    let mut cluster = TestCluster::start();
    let client = TestClient::hybrid(&cluster);
    let answer = client.prime(&client.action("lost", &[("input", b"input")])).expect("it is executed");
    cluster.stop();
    assert_eq!(client.cas.get(&output(&answer)).expect("it is made here"), b"made by lost");
    assert_eq!(client.executed_here(), 1);
}

#[test]
fn inputs_that_are_lost_with_the_cluster_are_made_here_however_many_actions_wait_for_them() {
    let mut cluster = TestCluster::start();
    let client = TestClient::hybrid(&cluster);
    let numbers = 0..4 * std::thread::available_parallelism().map_or(1, usize::from);
    let made = numbers.clone().map(|number| {
        let made = client.prime(&client.action(&format!("input {number}"), &[]));
        output(&made.expect("it is executed"))
    });
    let made: Vec<_> = made.collect();
    cluster.stop();
    std::thread::scope(|scope| {
        for (number, input) in made.iter().enumerate() {
            let action = client.action_of(&format!("of {number}"), &[*input]);
            let client = &client;
            scope.spawn(move || client.execute(&action).expect("its input is made here"));
        }
    });
    assert_eq!(client.executed_here(), 2 * made.len());
}

#[test]
fn an_output_that_the_cluster_sends_wrongly_is_made_here() {
    for fault in [Fault::WrongBytes, Fault::WrongDigests] {
        let cluster = TestCluster::start();
        let faulty = FaultyServer::in_front_of(&cluster.address());
        let client = TestClient::hybrid_at(&faulty.url());
        let answer = client.prime(&client.action("made", &[])).expect("it is executed");
        faulty.inject_in("BatchReadBlobs", fault.clone());
        assert_eq!(client.cas.get(&output(&answer)).expect("it is made here"), b"made by made", "{fault:?}");
        assert_eq!((client.executed_here(), cluster.executed()), (1, 1), "{fault:?}");
        assert!(matches!(&client.events()[..], [ClusterEvent::Wrong { .. }]), "{:?}", client.events());
        // Nobody else may make it.
        let alone = TestClient::at(&faulty.url());
        let answer = alone.prime(&alone.action("made", &[])).expect("it is kept there");
        let error = alone.cas.get(&output(&answer)).expect_err("it cannot be had");
        assert_eq!(error.reason(), "cas-elsewhere", "{fault:?}");
    }
}

#[test]
fn an_output_that_the_cluster_goes_on_losing_is_made_here() {
    for fault in [Fault::Forget, Fault::Garbage] {
        let cluster = TestCluster::start();
        let faulty = FaultyServer::in_front_of(&cluster.address());
        let client = TestClient::hybrid_at(&faulty.url());
        // Files in folders do not come with the result.
        let answer = client.prime(&client.directory_action("made", &[])).expect("it is executed");
        let tree = answer.result.directories[0].tree.expect("it has a Tree message");
        let file = client.store.files_of_tree_message(&tree).expect("the message is here")[0];
        faulty.inject_in("BatchReadBlobs", fault.clone());
        assert_eq!(client.cas.get(&file).expect("it is made here"), b"in a folder", "{fault:?}");
        assert_eq!(client.executed_here(), 1, "{fault:?}");
        assert_eq!(client.events().len(), 1, "{:?}", client.events());
    }
}

#[test]
fn outputs_in_directories_are_known_without_their_files() {
    let cluster = TestCluster::start();
    let client = TestClient::of(&cluster);
    let answer = client.prime(&client.directory_action("tree", &[])).expect("it is executed");
    let tree = answer.result.directories[0].tree.expect("it has a Tree message");
    let file = client.store.files_of_tree_message(&tree).expect("the message is here")[0];
    assert!(client.cas.contains(&file).expect("the store answers"));
    assert!(!client.store.contains(&file).expect("the store answers"));
    assert_eq!(client.cas.get(&file).expect("it comes"), b"in a folder");
}

#[test]
fn this_machine_executes_while_the_cluster_is_away_and_says_so_once() {
    let mut cluster = TestCluster::start();
    let client = TestClient::hybrid(&cluster);
    client.execute(&client.action("there", &[])).expect("it is executed");
    assert_eq!((cluster.executed(), client.executed_here()), (1, 0));
    cluster.stop();
    for name in ["here", "here, too"] {
        let answer = client.execute(&client.action(name, &[])).expect("it is executed");
        assert_eq!(
            client.cas.get(&output(&answer)).expect("it is here"),
            format!("made by {name}").as_bytes()
        );
    }
    assert_eq!(client.executed_here(), 2);
    cluster.start_again();
    std::thread::sleep(Duration::from_millis(1100));
    client.execute(&client.action("there again", &[])).expect("it is executed");
    assert_eq!(cluster.executed(), 2);
    let events = client.events();
    assert!(matches!(&events[..], [ClusterEvent::Away { .. }, ClusterEvent::Back { .. }]), "{events:?}");
}

#[test]
fn an_action_that_is_not_wanted_any_more_ends_there() {
    let cluster = TestCluster::start();
    let client = TestClient::of(&cluster);
    let cancel = Cancel::new();
    let answer = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| client.execute_until(&client.action("wait", &[]), &cancel));
        cluster.wait_until_running(1);
        cancel.cancel();
        waiting.join().expect("it does not panic")
    });
    assert!(matches!(answer, Err(ActionError::Cancelled)), "{answer:?}");
    cluster.wait_until_running(0);
}

#[test]
fn what_the_cluster_refuses_is_executed_here() {
    let cluster = TestCluster::start();
    let client = TestClient::hybrid(&cluster);
    for name in ["refuse one", "refuse two"] {
        client.execute(&client.action(name, &[])).expect("it is executed here");
    }
    assert_eq!(client.executed_here(), 2);
    let events = client.events();
    assert!(matches!(&events[..], [ClusterEvent::Refused { .. }]), "{events:?}");
}
