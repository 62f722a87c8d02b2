//! Workers that change into the input root, and know no `chrootRootDigest`.

use spec_model::AnswerSource;
use spec_testkit::wait_for;

use crate::client::{TestClient, output};
use crate::cluster::{TestCluster, directory};

const INPUTS: [(&str, &[u8]); 1] = [("input", b"input")];

#[test]
fn the_tree_of_an_action_is_named_or_in_its_input_root() {
    let cluster = TestCluster::start();
    for (client, names, properties) in [
        (TestClient::of(&cluster), vec!["input"], ["OSFamily", "chrootRootDigest"].repeat(2)),
        (TestClient::merging(&cluster, false), vec!["input", "program"], vec!["OSFamily"; 2]),
    ] {
        let base = directory(&client.store, &[("program", b"program")]);
        client.execute(&client.action_in("build", &INPUTS, &base)).expect("it is executed");
        let got = cluster.last_got();
        assert_eq!((got.0, got.1), (owned(&names), owned(&properties)));
        let told = format!("no tree after {}", names.len());
        client.execute(&client.action(&told, &INPUTS)).expect("it is executed");
        assert_eq!(cluster.last_got(), (owned(&["input"]), Vec::new()));
    }
}

fn owned(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

#[test]
fn another_client_finds_the_result_and_lost_inputs_are_sent_again() {
    let cluster = TestCluster::start();
    let clients = [TestClient::merging(&cluster, false), TestClient::merging(&cluster, false)];
    let answers = clients.each_ref().map(|client| {
        let base = directory(&client.store, &[("program", b"program")]);
        let answer = client.execute(&client.action_in("shared", &INPUTS, &base)).expect("it is answered");
        assert_eq!(client.cas.get(&output(&answer)).expect("it comes"), b"made by shared");
        answer.answered
    });
    assert_eq!(answers, [AnswerSource::Executed, AnswerSource::CacheHit]);
    cluster.forget_blobs();
    let [client, _] = clients;
    let base = directory(&client.store, &[("program", b"program")]);
    client.execute(&client.action_in("other", &INPUTS, &base)).expect("what is lost is sent again");
    assert_eq!(cluster.executed(), 2);
}

#[test]
fn a_result_of_this_machine_is_shared_under_the_name_that_the_cluster_has_for_it() {
    let cluster = TestCluster::start();
    let [client, other] = [true, false].map(|hybrid| TestClient::merging(&cluster, hybrid));
    let action = |client: &TestClient| {
        let base = directory(&client.store, &[("program", b"program")]);
        client.action_in("refuse", &INPUTS, &base)
    };
    client.execute(&action(&client)).expect("it is executed here");
    assert_eq!((client.executed_here(), cluster.executed()), (1, 0));
    wait_for("the result of another", || other.execute(&action(&other)).is_ok());
}

#[test]
fn inputs_that_do_not_fit_the_tree_are_the_fault_of_the_action() {
    let cluster = TestCluster::start();
    let client = TestClient::merging(&cluster, true);
    let nowhere = spec_model::Digest::of(b"nowhere");
    let error = client.execute(&client.action_in("build", &INPUTS, &nowhere)).expect_err("it has no tree");
    assert!(matches!(error, spec_execution::ActionError::Missing { .. }), "{error:?}");
    assert_eq!((cluster.executed(), client.events()), (0, vec![]));
}
