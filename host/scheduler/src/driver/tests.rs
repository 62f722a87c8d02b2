use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Work that fails for some elements, waits for cancellation for others, and counts.
#[derive(Default)]
struct Scripted {
    fails: Vec<usize>,
    fails_once: Mutex<Vec<usize>>,
    hangs: Vec<usize>,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Work for Scripted {
    fn run(&self, job: Job, context: &Context) -> Result<JobEnd, Box<Failure>> {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        if self.hangs.contains(&job.element) {
            let (send, receive) = std::sync::mpsc::channel();
            let _guard = context.cancel.on_cancel(move || send.send(()).unwrap_or_default());
            receive.recv_timeout(Duration::from_secs(60)).expect("the test cancels this job");
        }
        std::thread::sleep(Duration::from_millis(2));
        self.running.fetch_sub(1, Ordering::SeqCst);
        let mut once = self.fails_once.lock().expect("no test panics while it holds the lock");
        let fails = match once.iter().position(|element| *element == job.element) {
            Some(at) => {
                once.remove(at);
                true
            }
            None => self.fails.contains(&job.element) || context.cancel.is_cancelled(),
        };
        if fails { Err(Box::default()) } else { Ok(JobEnd::Done) }
    }
}

fn graph(edges: &[&[usize]]) -> Graph {
    let mut graph = Graph::new();
    for (element, after) in edges.iter().enumerate() {
        graph.add(Job { element, task: Task::Build }, after).expect("the test's edges point down");
    }
    graph
}

struct Heard(mpsc::UnboundedSender<Event>);

impl Observer for Heard {
    fn event(&self, event: &Event) {
        self.0.send(event.clone()).expect("the test listens to the end");
    }
}

struct Outcome {
    summary: Summary,
    ends: Vec<(usize, &'static str)>,
}

async fn play(
    edges: &[&[usize]],
    work: Arc<Scripted>,
    on_error: OnError,
    answer: impl Fn(&Event) -> Option<Control>,
) -> Outcome {
    let (events, mut heard) = mpsc::unbounded_channel();
    let (asking, control) = mpsc::channel(8);
    let options = Options { limits: BTreeMap::from([(Task::Build, 2)]), on_error };
    let graph = graph(edges);
    let listen = async {
        let mut ends = Vec::new();
        while let Some(event) = heard.recv().await {
            if let Some(request) = answer(&event) {
                asking.try_send(request).expect("the driver listens until it ends");
            }
            if let Event::JobEnded { element, end, .. } = &event {
                ends.push((*element, name(end)));
            }
            if matches!(event, Event::Ended(_)) {
                break;
            }
        }
        ends
    };
    let (summary, mut ends) =
        tokio::join!(run(&graph, work, &options, Arc::new(Heard(events)), control), listen);
    ends.sort_unstable();
    Outcome { summary, ends }
}

fn name(end: &JobEnd) -> &'static str {
    match end {
        JobEnd::Done => "done",
        JobEnd::Unneeded => "unneeded",
        JobEnd::Superseded => "superseded",
        JobEnd::Absent => "absent",
        JobEnd::Failed(_) => "failed",
        JobEnd::Cancelled => "cancelled",
        JobEnd::Skipped => "skipped",
    }
}

const DIAMOND: &[&[usize]] = &[&[], &[0], &[0], &[1, 2], &[]];

#[tokio::test(flavor = "multi_thread")]
async fn all_jobs_run_and_never_more_than_the_limit() {
    let work = Arc::new(Scripted::default());
    let outcome = play(DIAMOND, work.clone(), OnError::Quit, |_| None).await;
    assert!(outcome.summary.success());
    assert_eq!(outcome.ends.iter().filter(|(_, end)| *end == "done").count(), 5);
    assert!(work.most.load(Ordering::SeqCst) <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn continue_builds_what_does_not_need_the_failed_one() {
    let work = Arc::new(Scripted { fails: vec![1], ..Scripted::default() });
    let outcome = play(DIAMOND, work, OnError::Continue, |_| None).await;
    assert_eq!(outcome.ends, [(0, "done"), (1, "failed"), (2, "done"), (3, "skipped"), (4, "done")]);
    assert_eq!(outcome.summary.failed, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn quit_starts_nothing_more() {
    let work = Arc::new(Scripted { fails: vec![0], ..Scripted::default() });
    let outcome = play(&[&[], &[0]], work, OnError::Quit, |_| None).await;
    assert_eq!(outcome.ends, [(0, "failed"), (1, "skipped")]);
    assert!(!outcome.summary.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn terminate_cancels_what_runs() {
    let work = Arc::new(Scripted { hangs: vec![0], ..Scripted::default() });
    let stop = |event: &Event| matches!(event, Event::JobStarted { .. }).then_some(Control::Terminate);
    let outcome = play(&[&[], &[0]], work, OnError::Quit, stop).await;
    assert_eq!(outcome.ends, [(0, "cancelled")]);
    assert!(outcome.summary.interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_job_can_succeed() {
    let work = Arc::new(Scripted { fails_once: Mutex::new(vec![0]), ..Scripted::default() });
    let retry = |event: &Event| match event {
        Event::JobEnded { job, end: JobEnd::Failed(_), .. } => {
            Some(Control::Decide { job: *job, decision: FailureDecision::Retry })
        }
        _ => None,
    };
    let outcome = play(&[&[], &[0]], work, OnError::Ask, retry).await;
    assert_eq!(outcome.ends, [(0, "done"), (0, "failed"), (1, "done")]);
    assert!(outcome.summary.success());
}

/// Work whose pulls find nothing, so that they are superseded by builds of the element below and of their own.
struct Misses;

impl Work for Misses {
    fn run(&self, job: Job, _: &Context) -> Result<JobEnd, Box<Failure>> {
        match (job.task, job.element) {
            (Task::Pull, _) => Ok(JobEnd::Superseded),
            (Task::Build, 7) => Err(Box::default()),
            _ => Ok(JobEnd::Done),
        }
    }

    fn supersede(&self, job: Job, graph: &mut Graph) -> Option<usize> {
        let build = |element| Job { element, task: Task::Build };
        let below = graph.add(build(job.element + 1), &[]).ok()?;
        graph.add(build(job.element), &[below]).ok()
    }
}

async fn ends_of(graph: &Graph) -> Vec<String> {
    let (events, mut heard) = mpsc::unbounded_channel();
    let (_asking, control) = mpsc::channel(1);
    let options = Options { limits: BTreeMap::new(), on_error: OnError::Quit };
    run(graph, Arc::new(Misses), &options, Arc::new(Heard(events)), control).await;
    let mut ends = Vec::new();
    while let Ok(event) = heard.try_recv() {
        match event {
            Event::JobEnded { task, element, end, .. } => {
                ends.push(format!("{task} {element} {}", name(&end)))
            }
            Event::JobsAdded { jobs } => ends.push(format!("added {jobs:?}")),
            _ => {}
        }
    }
    ends
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_are_superseded_are_waited_for_in_their_stead() {
    let mut graph = Graph::new();
    let pull = graph.add(Job { element: 1, task: Task::Pull }, &[]).expect("the first");
    graph.add(Job { element: 0, task: Task::Build }, &[pull]).expect("the second");
    let expect = ["pull 1 superseded", "added [(Build, 2)]", "build 2 done", "build 1 done", "build 0 done"];
    assert_eq!(ends_of(&graph).await, expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_is_pushed_after_a_failure_and_nothing_else_is_done() {
    let mut graph = Graph::new();
    let pull = graph.add(Job { element: 6, task: Task::Pull }, &[]).expect("the first");
    graph.add(Job { element: 6, task: Task::Push }, &[pull]).expect("it waits for what failed");
    let other = graph.add(Job { element: 3, task: Task::Fetch }, &[]).expect("it is ready");
    graph.add(Job { element: 3, task: Task::Push }, &[other]).expect("it comes after");
    let ends = ends_of(&graph).await;
    let has = |end: &str| ends.iter().any(|line| line == end);
    assert!(has("build 7 failed") && has("build 6 skipped") && has("push 6 skipped"), "{ends:?}");
    assert!(has("fetch 3 done") && has("push 3 done"), "{ends:?}");
}
