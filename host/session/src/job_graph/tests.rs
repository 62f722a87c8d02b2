use spec_scheduler::{JobState, JobStates};

use super::*;

const BUILD: RequiredWork = RequiredWork::Build { fetch: false };
const PULL: RequiredWork = RequiredWork::Pull;
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

fn plan(works: [RequiredWork; 5], pushed: PushedParts) -> BuildPlan {
    BuildPlan::new(works.to_vec(), (0..5).map(scope).collect(), pushed)
}

fn names(graph: &Graph) -> Vec<String> {
    graph.jobs().iter().map(|job| format!("{} {}", job.task, job.element)).collect()
}

fn jobs(required: &[usize], works: [RequiredWork; 5]) -> Vec<String> {
    let mut graph = Graph::new();
    plan(works, PushedParts::default()).require(required, &mut graph);
    names(&graph)
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
        (vec![3], [BUILD, BUILD, PULL, BUILD, BUILD], "pull 2, build 3"),
        (vec![3, 4], [PULL, PULL, PULL, PULL, BUILD], "pull 1, pull 3, build 4"),
    ] {
        assert_eq!(jobs(&required, works).join(", "), expect, "{required:?} {works:?}");
    }
}

#[test]
fn builds_wait_for_what_they_need() {
    let mut graph = Graph::new();
    plan([FETCH; 5], PushedParts::default()).require(&[3], &mut graph);
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

#[test]
fn what_cannot_be_pulled_is_built_with_what_that_needs() {
    let mut graph = Graph::new();
    let mut plan = plan([PULL, PULL, PULL, BUILD, BUILD], PushedParts::default());
    plan.require(&[3, 4], &mut graph);
    assert_eq!(names(&graph), ["pull 1", "pull 2", "build 3", "build 4"]);
    let by = plan.instead_of_pull(2, FETCH, &mut graph).expect("it is built");
    assert_eq!(names(&graph)[4..], ["pull 0", "fetch 2", "build 2"]);
    assert_eq!(names(&graph)[by], "build 2");
    let by = plan.instead_of_pull(1, RequiredWork::ReportFailure, &mut graph).expect("it is reported");
    assert_eq!((names(&graph).len(), &*names(&graph)[by]), (8, "build 1"));
}

#[test]
fn everything_that_is_required_is_pushed_once() {
    let pushed = PushedParts { artifacts: true, sources: vec![true, false, true, true, true] };
    let mut graph = Graph::new();
    let mut plan = plan([RequiredWork::Nothing, PULL, FETCH, BUILD, BUILD], pushed);
    plan.require(&[2], &mut graph);
    let expect =
        ["push 0", "source-push 0", "pull 1", "push 1", "fetch 2", "build 2", "push 2", "source-push 2"];
    assert_eq!(names(&graph), expect);
    plan.instead_of_pull(1, BUILD, &mut graph);
    assert_eq!(names(&graph)[8..], ["build 1"], "the push that waited for the pull waits for it");
}
