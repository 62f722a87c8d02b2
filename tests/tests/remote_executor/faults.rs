//! Clusters that are silent, lie, forget, throttle or announce nothing.

use std::time::{Duration, Instant};

use spec_model::{AnswerSource, Cancel};
use spec_remote_execution::{ClusterEvent, Meanwhile};
use spec_testkit::faulty::{Fault, FaultyServer};
use tonic::Code;

use crate::client::{TestClient, output};
use crate::cluster::TestCluster;

/// A cluster, and a faulty one in front of it.
fn faulty() -> (TestCluster, FaultyServer) {
    let cluster = TestCluster::start();
    let faulty = FaultyServer::in_front_of(&cluster.address());
    (cluster, faulty)
}

/// Has an action executed that makes a file, which is checked.
fn execute(client: &TestClient, told: &str) -> AnswerSource {
    let answer = client.execute(&client.action(told, &[("input", told.as_bytes())])).expect("it is executed");
    let made = client.cas.get(&output(&answer)).expect("it can be had");
    assert_eq!(made, format!("made by {told}").as_bytes());
    answer.answered
}

#[test]
fn silence_costs_its_time_out_and_a_line() {
    for fault in [Fault::Hang, Fault::Mute] {
        let (cluster, faulty) = faulty();
        faulty.inject_in("Execute", fault.clone());
        let client = TestClient::impatient_at(&faulty.url(), Duration::from_millis(200));
        let start = Instant::now();
        execute(&client, "one");
        assert!(start.elapsed() < Duration::from_secs(20), "{fault:?}: {:?}", start.elapsed());
        assert_eq!((client.executed_here(), cluster.executed()), (1, 0), "{fault:?}");
        assert!(matches!(&client.events()[..], [ClusterEvent::Away { .. }]), "{:?}", client.events());
        faulty.heal();
        std::thread::sleep(Duration::from_millis(1100));
        execute(&client, "two");
        assert_eq!((client.executed_here(), cluster.executed()), (1, 1), "{fault:?}");
    }
}

#[test]
fn a_result_without_the_outputs_of_its_command_is_made_here_and_told_once() {
    let (cluster, faulty) = faulty();
    faulty.inject_in("Execute", Fault::NoOutputs);
    let client = TestClient::hybrid_at(&faulty.url());
    for told in ["one", "two"] {
        execute(&client, told);
    }
    assert_eq!((client.executed_here(), cluster.executed()), (2, 2));
    assert!(matches!(&client.events()[..], [ClusterEvent::Wrong { .. }]), "{:?}", client.events());
}

#[test]
fn somebody_elses_result_is_not_taken() {
    let (_cluster, faulty) = faulty();
    let client = TestClient::hybrid_at(&faulty.url());
    let folder = client.execute(&client.directory_action("folder", &[])).expect("it is executed");
    faulty.inject_in("Execute", Fault::OthersResult);
    // From now on all get the result that the first gets.
    client.execute_again(&client.directory_action("folder", &[])).expect("it is executed");
    execute(&client, "one");
    assert_eq!((folder.result.directories.len(), client.executed_here()), (1, 1));
    assert!(matches!(&client.events()[..], [ClusterEvent::Away { .. }]), "{:?}", client.events());
}

#[test]
fn an_old_result_without_outputs_is_not_believed() {
    let (cluster, faulty) = faulty();
    execute(&TestClient::of(&cluster), "shared");
    faulty.inject_in("GetActionResult", Fault::NoOutputs);
    let client = TestClient::hybrid_at(&faulty.url());
    assert_eq!(execute(&client, "shared"), AnswerSource::Executed);
    assert_eq!((client.executed_here(), cluster.executed()), (0, 2));
    assert_eq!(client.events(), []);
}

#[test]
fn a_command_that_makes_less_than_it_declares_is_no_fault() {
    let (cluster, faulty) = faulty();
    let client = TestClient::hybrid_at(&faulty.url());
    let answer = client.execute(&client.action("nothing", &[])).expect("it is executed");
    assert!(answer.result.files.is_empty());
    assert_eq!((client.executed_here(), cluster.executed(), client.events()), (1, 1, vec![]));
    let alone = TestClient::at(&faulty.url());
    let answer = alone.execute(&alone.action("nothing at all", &[])).expect("it is executed");
    assert!(answer.result.files.is_empty());
}

#[test]
fn what_a_cluster_says_that_it_lacks_is_sent_whatever_it_said_before() {
    let (cluster, faulty) = faulty();
    faulty.inject_in("FindMissingBlobs", Fault::Forget);
    let client = TestClient::at(&faulty.url());
    let inputs: Vec<(String, Vec<u8>)> = (0..6).map(|n| (format!("input{n}"), vec![n; 30_000])).collect();
    let inputs: Vec<(&str, &[u8])> = inputs.iter().map(|(name, bytes)| (&name[..], &bytes[..])).collect();
    client.execute(&client.action("many inputs", &inputs)).expect("it is executed");
    assert_eq!(cluster.executed(), 1);
    assert!(faulty.requests("FindMissingBlobs") >= 1);
    // The workers name one blob a time.
    assert_eq!(faulty.requests("Execute"), 7);
}

#[test]
fn a_cluster_that_throttles_is_asked_again_when_it_says() {
    let (cluster, faulty) = faulty();
    let client = TestClient::hybrid_at(&faulty.url());
    for (method, told) in [("Execute", "one"), ("BatchUpdateBlobs", "two")] {
        faulty.inject_times(method, Fault::Throttle(Duration::from_millis(300)), 2);
        let start = Instant::now();
        execute(&client, told);
        assert!(start.elapsed() >= Duration::from_millis(600), "{method}: {:?}", start.elapsed());
    }
    assert_eq!((client.executed_here(), cluster.executed(), client.events()), (0, 2, vec![]));
    faulty.inject_in("Execute", Fault::Throttle(Duration::from_secs(3600)));
    execute(&client, "three");
    assert_eq!(client.executed_here(), 1);
    assert!(matches!(&client.events()[..], [ClusterEvent::Busy { .. }]), "{:?}", client.events());
}

#[test]
fn without_this_machine_actions_wait_for_a_cluster_that_comes_back() {
    let (cluster, faulty) = faulty();
    let full = || Fault::Throttle(Duration::from_secs(3600));
    let away = || Fault::Refuse(Code::Unavailable, "restarting");
    for (fault, told) in [(away(), "away"), (full(), "full")] {
        let client = TestClient::waiting_for(&faulty.url(), Duration::from_secs(60));
        faulty.inject(fault.clone());
        std::thread::scope(|scope| {
            let executes = scope.spawn(|| execute(&client, told));
            client.wait_until_told();
            faulty.heal();
            assert_eq!(executes.join().expect("it is awaited"), AnswerSource::Executed);
        });
        let events = client.events();
        let wait = Meanwhile::ActionsWait { limit: Duration::from_secs(60) };
        match &events[..] {
            [ClusterEvent::Away { meanwhile, .. }, ClusterEvent::Back { .. }] if told == "away" => {
                assert_eq!(*meanwhile, wait);
            }
            [ClusterEvent::Busy { meanwhile, .. }] if told == "full" => assert_eq!(*meanwhile, wait),
            _ => panic!("{told}: {events:?}"),
        }
    }
    assert_eq!(cluster.executed(), 2);
}

#[test]
fn an_action_waits_for_a_cluster_no_longer_than_its_limit_and_not_after_it_is_cancelled() {
    let (_cluster, faulty) = faulty();
    faulty.inject(Fault::Refuse(Code::Unavailable, "gone"));
    let client = TestClient::waiting_for(&faulty.url(), Duration::from_secs(2));
    let (action, start) = (client.action("one", &[]), Instant::now());
    let failed = client.execute(&action);
    assert!(failed.is_err() && start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let client = TestClient::waiting_for(&faulty.url(), Duration::from_secs(600));
    let (action, cancel, start) = (client.action("two", &[]), Cancel::new(), Instant::now());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            client.wait_until_told();
            cancel.cancel();
        });
        assert!(client.execute_until(&action, &cancel).is_err());
    });
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn a_scheduler_that_is_away_is_asked_as_rarely_as_a_server_though_the_storage_answers() {
    let (cluster, faulty) = faulty();
    faulty.inject_in("Execute", Fault::Refuse(Code::Unavailable, "the scheduler is restarting"));
    let client = TestClient::hybrid_at(&faulty.url());
    let start = Instant::now();
    (0..40).for_each(|n| _ = execute(&client, &format!("action {n}")));
    assert_eq!((client.executed_here(), cluster.executed()), (40, 0));
    // The attempts of the first, and then once after 1 s, 2 s, ...
    let asked = faulty.requests("Execute");
    assert!(asked <= 5 + start.elapsed().as_secs(), "it was asked {asked} times in {:?}", start.elapsed());
    assert!(matches!(&client.events()[..], [ClusterEvent::Away { .. }]), "{:?}", client.events());
}

#[test]
fn a_cluster_that_fails_each_action_after_a_while_is_not_given_each() {
    let (cluster, faulty) = faulty();
    for method in ["BatchUpdateBlobs", "Write"] {
        faulty.inject_in(method, Fault::Refuse(Code::InvalidArgument, "larger than the disk"));
    }
    let client = TestClient::hybrid_at(&faulty.url());
    let start = Instant::now();
    (0..40).for_each(|n| _ = execute(&client, &format!("action {n}")));
    assert_eq!((client.executed_here(), cluster.executed()), (40, 0));
    let (asked, waves) = (faulty.requests("GetActionResult"), 1 + start.elapsed().as_secs());
    assert!(asked <= 1 + waves, "it was asked for {asked} actions in {:?}", start.elapsed());
    assert!(matches!(&client.events()[..], [ClusterEvent::Away { .. }]), "{:?}", client.events());
    faulty.heal();
    std::thread::sleep(Duration::from_secs(1) * u32::try_from(2 * waves).expect("it is small"));
    execute(&client, "then");
    assert_eq!(cluster.executed(), 1);
}

#[test]
fn a_cluster_that_takes_no_batches_gets_streams() {
    let (cluster, faulty) = faulty();
    faulty.inject_in("BatchUpdateBlobs", Fault::Refuse(Code::InvalidArgument, "one at a time"));
    let client = TestClient::at(&faulty.url());
    execute(&client, "one");
    // Its input root is an empty blob.
    client.execute(&client.action("two", &[])).expect("it is executed");
    assert_eq!(cluster.executed(), 2);
}

#[test]
fn without_this_machine_a_failure_is_told_with_its_reason_once() {
    let (_cluster, faulty) = faulty();
    for method in ["BatchUpdateBlobs", "Write"] {
        faulty.inject_in(method, Fault::Refuse(Code::InvalidArgument, "larger than the disk"));
    }
    let client = TestClient::waiting_for(&faulty.url(), Duration::from_secs(60));
    for told in ["one", "two"] {
        assert!(client.execute(&client.action(told, &[])).is_err(), "{told}");
    }
    match &client.events()[..] {
        [ClusterEvent::Refused { why, executed_here: false, .. }] => {
            assert!(why.contains("larger than the disk"), "{why}");
        }
        events => panic!("{events:?}"),
    }
}

#[test]
fn a_kept_result_does_not_say_that_the_scheduler_is_back() {
    let (cluster, faulty) = faulty();
    execute(&TestClient::of(&cluster), "kept");
    faulty.inject_in("Execute", Fault::Refuse(Code::Unavailable, "the scheduler is restarting"));
    let client = TestClient::hybrid_at(&faulty.url());
    execute(&client, "one");
    assert_eq!(execute(&client, "kept"), AnswerSource::CacheHit);
    assert!(matches!(&client.events()[..], [ClusterEvent::Away { .. }]), "{:?}", client.events());
    faulty.heal();
    std::thread::sleep(Duration::from_millis(1100));
    execute(&client, "two");
    let events = client.events();
    assert!(matches!(&events[..], [ClusterEvent::Away { .. }, ClusterEvent::Back { .. }]), "{events:?}");
}

#[test]
fn all_actions_wait_for_a_scheduler_that_comes_back_though_the_storage_answers() {
    let (cluster, faulty) = faulty();
    let client = TestClient::waiting_for(&faulty.url(), Duration::from_secs(60));
    faulty.inject_in("Execute", Fault::Refuse(Code::Unavailable, "the scheduler is restarting"));
    std::thread::scope(|scope| {
        let client = &client;
        let waiting: Vec<_> = (0..16)
            .map(|n| {
                scope.spawn(move || {
                    std::thread::sleep(Duration::from_millis(200 * n));
                    execute(client, &format!("action {n}"))
                })
            })
            .collect();
        client.wait_until_told();
        std::thread::sleep(Duration::from_secs(3));
        faulty.heal();
        for waits in waiting {
            assert_eq!(waits.join().expect("it is executed"), AnswerSource::Executed);
        }
    });
    assert_eq!(cluster.executed(), 16);
    let events = client.events();
    assert!(matches!(&events[..], [ClusterEvent::Away { .. }, ClusterEvent::Back { .. }]), "{events:?}");
}

#[test]
fn a_cluster_that_announces_nothing_is_used_as_one_of_the_oldest_version() {
    for code in [Code::NotFound, Code::Unimplemented] {
        let (cluster, faulty) = faulty();
        faulty.inject_in("GetCapabilities", Fault::Refuse(code, "no such method"));
        let client = TestClient::hybrid_at(&faulty.url());
        execute(&client, "one");
        assert_eq!((client.executed_here(), cluster.executed(), client.events()), (0, 1, vec![]), "{code:?}");
    }
}

#[test]
fn what_the_cluster_wrote_of_an_action_that_failed_is_told() {
    let (_cluster, faulty) = faulty();
    let client = TestClient::hybrid_at(&faulty.url());
    let failed = client.execute(&client.action("fail", &[])).expect("it has a result");
    let report = failed.report.clone().expect("there is a log");
    assert_eq!(report, "the cluster's log 'sandbox':\nwhat the worker says of fail");
    faulty.inject_in("BatchReadBlobs", Fault::Forget);
    let failed = client.execute(&client.action("fail again", &[])).expect("it has a result");
    let report = failed.report.clone().expect("there is a log");
    assert!(report.contains("log 'sandbox' of ") && report.ends_with(" is not shown"), "{report}");
}
