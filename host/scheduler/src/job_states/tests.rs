use proptest::prelude::*;

use super::*;
use crate::{Job, Task};

fn graph(edges: &[&[usize]]) -> Graph {
    let mut graph = Graph::new();
    for (element, after) in edges.iter().enumerate() {
        graph.add(Job { element, task: Task::Build }, after).expect("the test's edges point down");
    }
    graph
}

#[test]
fn a_job_is_ready_when_all_it_waits_for_is_done() {
    let mut states = JobStates::new(&graph(&[&[], &[], &[0, 1]]));
    assert_eq!(states.ready().collect::<Vec<_>>(), [0, 1]);
    for job in [0, 1] {
        states.start(job);
    }
    states.succeed(1);
    assert_eq!(states.state(2), JobState::Waiting(1));
    states.succeed(0);
    assert_eq!(states.ready().collect::<Vec<_>>(), [2]);
}

#[test]
fn a_failure_skips_all_above_and_nothing_else() {
    let mut states = JobStates::new(&graph(&[&[], &[0], &[1], &[]]));
    states.start(0);
    assert_eq!(states.fail(0), [1, 2]);
    assert_eq!(states.ready().collect::<Vec<_>>(), [3]);
}

#[test]
fn waiting_for_a_job_twice_is_waiting_once() {
    let mut states = JobStates::new(&graph(&[&[], &[0, 0]]));
    states.start(0);
    states.succeed(0);
    assert_eq!(states.state(1), JobState::Ready);
}

#[test]
fn who_waited_for_a_superseded_job_waits_for_the_other() {
    let mut all = graph(&[&[], &[0]]);
    let mut states = JobStates::new(&all);
    states.start(0);
    let job = Job { element: 2, task: Task::Build };
    let by = all.add(job, &[]).expect("it waits for nothing");
    assert_eq!(states.extend(&all), [0; 0]);
    assert_eq!(states.supersede(0, by), [0; 0]);
    assert_eq!((states.state(1), states.state(by)), (JobState::Waiting(1), JobState::Ready));
    states.start(by);
    states.succeed(by);
    assert_eq!(states.state(1), JobState::Ready);
}

#[test]
fn added_jobs_know_what_is_done_and_what_failed() {
    let mut all = graph(&[&[], &[], &[]]);
    let mut states = JobStates::new(&all);
    (0..3).for_each(|job| states.start(job));
    states.succeed(0);
    states.fail(1);
    for (element, after) in [(3, vec![0]), (4, vec![0, 1]), (5, vec![4]), (6, vec![0, 2])] {
        all.add(Job { element, task: Task::Build }, &after).expect("they wait for earlier ones");
    }
    assert_eq!(states.extend(&all), [4, 5]);
    assert_eq!((states.state(3), states.state(6)), (JobState::Ready, JobState::Waiting(1)));
    assert_eq!(states.supersede(2, 5), [6]);
    assert_eq!((states.state(5), states.state(6)), (JobState::Skipped, JobState::Skipped));
}

fn any_graph() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..40).prop_map(|raw| {
        let below = |job: usize, picks: Vec<prop::sample::Index>| match job {
            0 => Vec::new(),
            _ => picks.into_iter().map(|pick| pick.index(job)).collect(),
        };
        raw.into_iter().enumerate().map(|(job, picks)| below(job, picks)).collect()
    })
}

proptest! {
    #[test]
    fn every_job_ends_in_exactly_one_way(edges in any_graph(), failing in prop::collection::vec(any::<bool>(), 40)) {
        let edges: Vec<&[usize]> = edges.iter().map(Vec::as_slice).collect();
        let mut states = JobStates::new(&graph(&edges));
        loop {
            let Some(job) = states.ready().next() else { break };
            states.start(job);
            prop_assert!(edges[job].iter().all(|below| states.state(*below) == JobState::Done));
            if failing[job] { states.fail(job); } else { states.succeed(job); }
        }
        let ended = states.count(|s| matches!(s, JobState::Done | JobState::Failed | JobState::Skipped));
        prop_assert_eq!(ended, edges.len());
    }
}
