use spec_scheduler::{JobState, JobStates};

use super::*;

const BUILD: RequiredWork = RequiredWork::Build { fetch: false };
const FETCH: RequiredWork = RequiredWork::Build { fetch: true };

/// Element 2 is built with 0 and 1, 3 with 2, and 4 with 1.
fn scope(element: usize) -> Vec<usize> {
    match element {
        2 => vec![0, 1],
        3 => vec![2],
        4 => vec![1],
        _ => Vec::new(),
    }
}

fn jobs(required: &[usize], works: [RequiredWork; 5]) -> Vec<String> {
    let graph = build_graph(required, &|element| works[element], &scope);
    graph.jobs().iter().map(|job| format!("{} {}", job.task, job.element)).collect()
}

#[test]
fn only_what_is_needed_is_built() {
    let all = [BUILD; 5];
    for (required, works, expect) in [
        (vec![3], all, "build 0, build 1, build 2, build 3"),
        (vec![4], all, "build 1, build 4"),
        (vec![0], all, "build 0"),
        (vec![3], [RequiredWork::Nothing; 5], ""),
        (vec![3], [BUILD, BUILD, BUILD, RequiredWork::Nothing, BUILD], ""),
        (vec![3], [BUILD, BUILD, RequiredWork::Nothing, BUILD, BUILD], "build 3"),
        (
            vec![2, 3],
            [BUILD, RequiredWork::Nothing, FETCH, FETCH, BUILD],
            "build 0, fetch 2, build 2, fetch 3, build 3",
        ),
        (vec![3], [BUILD, BUILD, RequiredWork::ReportFailure, BUILD, BUILD], "build 2, build 3"),
    ] {
        assert_eq!(jobs(&required, works).join(", "), expect, "{required:?} {works:?}");
    }
}

#[test]
fn builds_wait_for_what_they_need() {
    let graph = build_graph(&[3], &|_| FETCH, &scope);
    let mut states = JobStates::new(&graph);
    let tasks: Vec<Task> = states.ready().map(|job| graph.jobs()[job].task).collect();
    assert_eq!(tasks, [Task::Fetch; 4]);
    let mut order = Vec::new();
    loop {
        let Some(job) = states.ready().next() else { break };
        states.start(job);
        states.succeed(job);
        if graph.jobs()[job].task == Task::Build {
            order.push(graph.jobs()[job].element);
        }
    }
    assert_eq!(order, [0, 1, 2, 3]);
    assert_eq!(states.count(|state| state == JobState::Done), 8);
}
