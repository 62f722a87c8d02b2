//! Actions that wait for a worker of the cluster.

use std::sync::mpsc;
use std::time::Duration;

use spec_execution::{ActionRequest, PendingRequest, Progress};
use spec_model::{Cancel, Digest};
use spec_remote_execution::ClusterEvent;
use spec_testkit::wait_for;

use crate::client::TestClient;
use crate::cluster::TestCluster;

/// Requests an action; `answered` hears when it is answered.
fn submit(
    client: &TestClient,
    action: &Digest,
    primed: bool,
    answered: &mpsc::Sender<Digest>,
) -> PendingRequest {
    let (answered, action) = (answered.clone(), *action);
    let listen = move |progress| match progress {
        Progress::Completed(answer) => {
            answer.expect("it is executed");
            // Who has heard enough is gone.
            let _ = answered.send(action);
        }
        Progress::Queued | Progress::Executing => {}
    };
    let request = ActionRequest { primed, ..TestClient::request(&action) };
    client.executions.submit(&request, listen).expect("there is room")
}

#[test]
fn the_latency_is_known_after_the_first_requests() {
    let cluster = TestCluster::with_workers(1);
    let client = TestClient::of(&cluster);
    assert_eq!(client.executions.latency(), None);
    client.execute(&client.action("sleep", &[("input", b"input")])).expect("it is executed");
    let latency = client.executions.latency().expect("blobs were asked for");
    assert!(!latency.is_zero() && latency < Duration::from_secs(1), "{latency:?}");
}

#[test]
fn a_request_that_joins_a_primed_action_moves_it_before_later_requests() {
    let cluster = TestCluster::with_workers(1);
    let client = TestClient::of(&cluster);
    let [primed, other, requested] =
        ["primed", "primed, too", "requested"].map(|told| client.action(told, &[("input", b"input")]));
    let (answered, answers) = mpsc::channel();
    let cancel = Cancel::new();
    let blocked = client.action("wait", &[("input", b"input")]);
    std::thread::scope(|scope| {
        scope.spawn(|| client.execute_until(&blocked, &cancel));
        cluster.wait_until_running(1);
        let queued = |count| wait_for("the cluster to have it", || client.statistics().queued == count);
        let mut all = vec![submit(&client, &other, true, &answered)];
        queued(1);
        all.push(submit(&client, &primed, true, &answered));
        queued(2);
        all.push(submit(&client, &requested, false, &answered));
        queued(3);
        let before = client.requests();
        all.push(submit(&client, &primed, false, &answered));
        // It is asked for once more, with the priority of a request.
        queued(4);
        assert_eq!(client.requests() - before, 1);
        cancel.cancel();
        (0..4).for_each(|_| _ = answers.recv_timeout(Duration::from_secs(20)).expect("all are answered"));
        drop(all);
    });
    assert_eq!(cluster.told(), ["wait", "primed", "requested", "primed, too"], "each is executed once");
}

#[test]
fn a_request_that_no_worker_takes_is_executed_here_and_a_primed_action_waits() {
    let cluster = TestCluster::with_workers(1);
    let client = TestClient::waiting_at_most(&cluster, Duration::from_millis(500));
    let (answered, answers) = mpsc::channel();
    let (cancel, blocker) = (Cancel::new(), TestClient::of(&cluster));
    let blocked = blocker.action("wait", &[]);
    std::thread::scope(|scope| {
        scope.spawn(|| blocker.execute_until(&blocked, &cancel));
        cluster.wait_until_running(1);
        let primed = submit(&client, &client.action("primed", &[]), true, &answered);
        let requested = submit(&client, &client.action("requested", &[]), false, &answered);
        answers.recv_timeout(Duration::from_secs(10)).expect("it is executed here");
        assert_eq!((client.executed_here(), cluster.executed()), (1, 0));
        assert!(matches!(&client.events()[..], [ClusterEvent::Busy { .. }]), "{:?}", client.events());
        assert!(answers.recv_timeout(Duration::from_millis(600)).is_err(), "the primed one waits");
        cancel.cancel();
        answers.recv_timeout(Duration::from_secs(20)).expect("the cluster executes it");
        drop((primed, requested));
    });
    assert_eq!((client.executed_here(), cluster.executed()), (1, 1));
}
