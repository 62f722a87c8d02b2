//! Runs the jobs of a [`Board`] on threads and reports.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use spec_model::Cancel;
use tokio::sync::mpsc;

use crate::control::{Control, Decision, OnError, Options};
use crate::event::{Event, Failure, JobEnd, Summary};
use crate::work::{Context, Observer, Work};
use crate::{Board, Graph, Job, JobState, Task};

/// How long cancelled jobs have to end before the session ends without them.
const CANCEL_DEADLINE: Duration = Duration::from_secs(10);

type Ended = (usize, Result<JobEnd, Box<Failure>>);

/// Runs all jobs of `graph`, at most `options.limits` at a time, and tells `observer` what happens. Ends when nothing
/// is left that may run. Dropping the sender of `control` is no request.
pub async fn run(
    graph: &Graph,
    work: Arc<dyn Work>,
    options: &Options,
    observer: Arc<dyn Observer>,
    mut control: mpsc::Receiver<Control>,
) -> Summary {
    let mut driver = Driver::new(graph, work, options, observer);
    driver.announce();
    loop {
        driver.start_ready();
        if driver.is_over() {
            break;
        }
        tokio::select! {
            Some(ended) = driver.ended.recv() => driver.job_ended(ended),
            Some(request) = control.recv() => driver.obey(request),
            () = until(driver.give_up_at) => break,
        }
    }
    driver.finish()
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

struct Driver<'g> {
    graph: &'g Graph,
    board: Board,
    work: Arc<dyn Work>,
    options: &'g Options,
    observer: Arc<dyn Observer>,
    ending: mpsc::Sender<Ended>,
    ended: mpsc::Receiver<Ended>,
    running: HashMap<usize, (Instant, Cancel)>,
    undecided: Vec<usize>,
    stopping: bool,
    interrupted: bool,
    give_up_at: Option<Instant>,
    began: Instant,
    ends: BTreeMap<Task, [usize; 4]>,
    failed: BTreeMap<usize, usize>,
}

impl<'g> Driver<'g> {
    fn new(graph: &'g Graph, work: Arc<dyn Work>, options: &'g Options, observer: Arc<dyn Observer>) -> Self {
        let slots = options.limits.values().map(|limit| (*limit).max(1)).sum::<usize>() + Task::ALL.len();
        let (ending, ended) = mpsc::channel(slots);
        Self {
            graph,
            board: Board::new(graph),
            work,
            options,
            observer,
            ending,
            ended,
            running: HashMap::new(),
            undecided: Vec::new(),
            stopping: false,
            interrupted: false,
            give_up_at: None,
            began: Instant::now(),
            ends: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    fn send(&self, event: Event) {
        self.observer.event(&event);
    }

    fn announce(&self) {
        let count = |task| self.graph.jobs.iter().filter(|job| job.task == task).count();
        let jobs = Task::ALL.into_iter().map(|task| (task, count(task))).filter(|(_, n)| *n > 0).collect();
        self.send(Event::Started { jobs });
    }

    fn start_ready(&mut self) {
        if self.stopping || !self.undecided.is_empty() {
            return;
        }
        let ready: Vec<usize> = self.board.ready().collect();
        for job in ready {
            let task = self.graph.jobs[job].task;
            let busy = self.running.keys().filter(|other| self.graph.jobs[**other].task == task).count();
            if busy < self.options.limits.get(&task).copied().unwrap_or(1).max(1) {
                self.start(job);
            }
        }
    }

    fn start(&mut self, number: usize) {
        self.board.start(number);
        let job = self.graph.jobs[number];
        let cancel = Cancel::new();
        self.running.insert(number, (Instant::now(), cancel.clone()));
        self.send(Event::JobStarted { job: number, element: job.element, task: job.task });
        let context = Context { job: number, element: job.element, observer: self.observer.clone(), cancel };
        let (work, ending) = (self.work.clone(), self.ending.clone());
        tokio::task::spawn_blocking(move || {
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work.run(job, &context)));
            let ended = ended.unwrap_or_else(|_| Err(Box::new(panicked())));
            // Nobody listens any more only when the session has been given up.
            let _ = ending.blocking_send((number, ended));
        });
    }

    fn job_ended(&mut self, (number, result): Ended) {
        let Some((began, cancel)) = self.running.remove(&number) else { return };
        let end = match result {
            Ok(end) => end,
            Err(_) if cancel.is_cancelled() => JobEnd::Cancelled,
            Err(failure) => JobEnd::Failed(failure),
        };
        let failed = matches!(end, JobEnd::Failed(_));
        let good = matches!(end, JobEnd::Done | JobEnd::Unneeded);
        self.report(number, end, began.elapsed());
        if good {
            self.board.succeed(number);
        } else if failed && self.options.on_error == OnError::Ask && !self.stopping {
            self.undecided.push(number);
        } else if failed {
            self.settle(number, default_decision(self.options.on_error));
        } else {
            self.board.fail(number);
        }
    }

    fn report(&mut self, number: usize, end: JobEnd, elapsed: Duration) {
        let Job { element, task } = self.graph.jobs[number];
        let column = match end {
            JobEnd::Done => 0,
            JobEnd::Unneeded => 1,
            JobEnd::Failed(_) => 2,
            JobEnd::Cancelled | JobEnd::Skipped => 3,
        };
        self.ends.entry(task).or_default()[column] += 1;
        if column == 2 {
            self.failed.insert(number, element);
        }
        self.send(Event::JobEnded { job: number, element, task, end, elapsed });
    }

    fn obey(&mut self, request: Control) {
        match request {
            Control::Terminate => {
                self.interrupted = true;
                self.terminate();
            }
            Control::Decide { job, decision } => {
                if let Some(at) = self.undecided.iter().position(|other| *other == job) {
                    self.undecided.remove(at);
                    self.settle(job, decision);
                }
            }
        }
    }

    fn settle(&mut self, number: usize, decision: Decision) {
        match decision {
            Decision::Retry => {
                self.failed.remove(&number);
                self.ends.entry(self.graph.jobs[number].task).or_default()[2] -= 1;
                self.board.retry(number);
                return;
            }
            Decision::Continue => {}
            Decision::Quit => self.stopping = true,
            Decision::Terminate => self.terminate(),
        }
        for skipped in self.board.fail(number) {
            self.report(skipped, JobEnd::Skipped, Duration::ZERO);
        }
    }

    fn terminate(&mut self) {
        self.stopping = true;
        self.undecided.clear();
        self.give_up_at.get_or_insert_with(|| Instant::now() + CANCEL_DEADLINE);
        for (_, cancel) in self.running.values() {
            cancel.cancel();
        }
    }

    fn is_over(&self) -> bool {
        let more = !self.stopping && self.board.count(|state| state == JobState::Ready) > 0;
        self.running.is_empty() && self.undecided.is_empty() && !more
    }

    fn finish(self) -> Summary {
        let summary = Summary {
            tasks: self.ends.iter().map(|(task, ends)| (*task, *ends)).collect(),
            failed: self.failed.values().copied().collect(),
            interrupted: self.interrupted,
            elapsed: self.began.elapsed(),
        };
        self.send(Event::Ended(summary.clone()));
        summary
    }
}

fn default_decision(on_error: OnError) -> Decision {
    match on_error {
        OnError::Quit | OnError::Ask => Decision::Quit,
        OnError::Continue => Decision::Continue,
        OnError::Terminate => Decision::Terminate,
    }
}

fn panicked() -> Failure {
    Failure {
        reason: "internal-error".to_owned(),
        message: "the job stopped because of a fault in spec-host itself".to_owned(),
        detail: Some("Run again with --debug and report the output.".to_owned()),
        ..Failure::default()
    }
}

#[cfg(test)]
mod tests;
