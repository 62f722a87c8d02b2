//! Runs the jobs of a graph on threads, as [`JobStates`] allows, and reports what happens.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use spec_model::Cancel;
use tokio::sync::mpsc;

use crate::control::{Control, FailureDecision, OnError, Options};
use crate::event::{Event, Failure, JobEnd, Summary};
use crate::work::{Context, Observer, Work};
use crate::{Graph, Job, JobStates, Task};

/// How long the session waits for cancelled jobs to end.
const CANCEL_DEADLINE: Duration = Duration::from_secs(10);

/// A job's number, and how it ended.
type EndedJob = (usize, Result<JobEnd, Box<Failure>>);

/// Runs all jobs of `graph`, at most `options.limits` at a time, and tells `observer` what happens. Returns when no job
/// runs and none may start.
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
            Some(ended) = driver.ended_jobs.recv() => driver.job_ended(ended),
            Some(request) = control.recv() => driver.take_request(request),
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
    /// With the jobs that were added since the session began.
    graph: Graph,
    states: JobStates,
    work: Arc<dyn Work>,
    options: &'g Options,
    observer: Arc<dyn Observer>,
    job_ends: mpsc::Sender<EndedJob>,
    ended_jobs: mpsc::Receiver<EndedJob>,
    running: HashMap<usize, (Instant, Cancel)>,
    undecided: Vec<usize>,
    stopping: bool,
    terminated: bool,
    interrupted: bool,
    give_up_at: Option<Instant>,
    began: Instant,
    /// The counts of [`Summary::tasks`].
    counts: BTreeMap<Task, [usize; 4]>,
    /// The elements of failed jobs, by job.
    failed: BTreeMap<usize, usize>,
}

impl<'g> Driver<'g> {
    fn new(graph: &'g Graph, work: Arc<dyn Work>, options: &'g Options, observer: Arc<dyn Observer>) -> Self {
        let slots = options.limits.values().map(|limit| (*limit).max(1)).sum::<usize>() + Task::ALL.len();
        let (job_ends, ended_jobs) = mpsc::channel(slots);
        Self {
            graph: graph.clone(),
            states: JobStates::new(graph),
            work,
            options,
            observer,
            job_ends,
            ended_jobs,
            running: HashMap::new(),
            undecided: Vec::new(),
            stopping: false,
            terminated: false,
            interrupted: false,
            give_up_at: None,
            began: Instant::now(),
            counts: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    fn emit(&self, event: Event) {
        self.observer.event(&event);
    }

    fn announce(&self) {
        let count = |task| self.graph.jobs.iter().filter(|job| job.task == task).count();
        let jobs = Task::ALL.into_iter().map(|task| (task, count(task))).filter(|(_, n)| *n > 0).collect();
        self.emit(Event::Started { jobs });
    }

    fn start_ready(&mut self) {
        let ready: Vec<usize> = self.states.ready().filter(|job| self.may_start(*job)).collect();
        for job in ready {
            let task = self.graph.jobs[job].task;
            let busy = self.running.keys().filter(|other| self.graph.jobs[**other].task == task).count();
            if busy < self.options.limits.get(&task).copied().unwrap_or(1).max(1) {
                self.start(job);
            }
        }
    }

    /// Whether a ready job may start as far as failures say.
    fn may_start(&self, job: usize) -> bool {
        if self.terminated || !self.undecided.is_empty() {
            return false;
        }
        !self.stopping || self.graph.jobs[job].task.finishes_work()
    }

    fn start(&mut self, number: usize) {
        self.states.start(number);
        let job = self.graph.jobs[number];
        let cancel = Cancel::new();
        self.running.insert(number, (Instant::now(), cancel.clone()));
        self.emit(Event::JobStarted { job: number, element: job.element, task: job.task });
        let context = Context { job: number, element: job.element, observer: self.observer.clone(), cancel };
        let (work, job_ends) = (self.work.clone(), self.job_ends.clone());
        tokio::task::spawn_blocking(move || {
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work.run(job, &context)));
            let ended = ended.unwrap_or_else(|_| Err(Box::new(panicked())));
            // The receiver is gone only after the session stopped waiting for cancelled jobs.
            let _ = job_ends.blocking_send((number, ended));
        });
    }

    fn job_ended(&mut self, (number, result): EndedJob) {
        let Some((began, cancel)) = self.running.remove(&number) else { return };
        let end = match result {
            Ok(end) => end,
            Err(_) if cancel.is_cancelled() => JobEnd::Cancelled,
            Err(failure) => JobEnd::Failed(failure),
        };
        let failed = matches!(end, JobEnd::Failed(_));
        let good = matches!(end, JobEnd::Done | JobEnd::Unneeded | JobEnd::Absent);
        let superseded = matches!(end, JobEnd::Superseded);
        self.report(number, end, began.elapsed());
        if superseded {
            self.supersede(number);
        } else if good {
            self.states.succeed(number);
        } else if failed && self.options.on_error == OnError::Ask && !self.stopping {
            self.undecided.push(number);
        } else if failed {
            self.apply(number, default_decision(self.options.on_error));
        } else {
            self.states.fail(number);
        }
    }

    /// Adds the jobs that do what a job could not.
    fn supersede(&mut self, number: usize) {
        let (job, before) = (self.graph.jobs[number], self.graph.jobs.len());
        let Some(by) = self.work.supersede(job, &mut self.graph) else {
            self.states.succeed(number);
            return;
        };
        let added = &self.graph.jobs[before..];
        let count = |task| added.iter().filter(|job| job.task == task).count();
        let jobs = Task::ALL.into_iter().map(|task| (task, count(task))).filter(|(_, n)| *n > 0).collect();
        self.emit(Event::JobsAdded { jobs });
        let mut skipped = self.states.extend(&self.graph);
        skipped.extend(self.states.supersede(number, by));
        for job in skipped {
            self.report(job, JobEnd::Skipped, Duration::ZERO);
        }
    }

    fn report(&mut self, number: usize, end: JobEnd, elapsed: Duration) {
        let Job { element, task } = self.graph.jobs[number];
        let column = match end {
            JobEnd::Done => 0,
            JobEnd::Unneeded => 1,
            JobEnd::Failed(_) => 2,
            JobEnd::Superseded | JobEnd::Absent | JobEnd::Cancelled | JobEnd::Skipped => 3,
        };
        self.counts.entry(task).or_default()[column] += 1;
        if column == 2 {
            self.failed.insert(number, element);
        }
        self.emit(Event::JobEnded { job: number, element, task, end, elapsed });
    }

    fn take_request(&mut self, request: Control) {
        match request {
            Control::Terminate => {
                self.interrupted = true;
                self.terminate();
            }
            Control::Decide { job, decision } => {
                if let Some(at) = self.undecided.iter().position(|other| *other == job) {
                    self.undecided.remove(at);
                    self.apply(job, decision);
                }
            }
        }
    }

    fn apply(&mut self, number: usize, decision: FailureDecision) {
        match decision {
            FailureDecision::Retry => {
                self.failed.remove(&number);
                self.counts.entry(self.graph.jobs[number].task).or_default()[2] -= 1;
                self.states.retry(number);
                return;
            }
            FailureDecision::Continue => {}
            FailureDecision::Quit => self.stopping = true,
            FailureDecision::Terminate => self.terminate(),
        }
        for skipped in self.states.fail(number) {
            self.report(skipped, JobEnd::Skipped, Duration::ZERO);
        }
    }

    fn terminate(&mut self) {
        (self.stopping, self.terminated) = (true, true);
        self.undecided.clear();
        self.give_up_at.get_or_insert_with(|| Instant::now() + CANCEL_DEADLINE);
        for (_, cancel) in self.running.values() {
            cancel.cancel();
        }
    }

    fn is_over(&self) -> bool {
        let more = self.states.ready().any(|job| self.may_start(job));
        self.running.is_empty() && self.undecided.is_empty() && !more
    }

    fn finish(self) -> Summary {
        let summary = Summary {
            tasks: self.counts.iter().map(|(task, counts)| (*task, *counts)).collect(),
            failed: self.failed.values().copied().collect(),
            interrupted: self.interrupted,
            elapsed: self.began.elapsed(),
        };
        self.emit(Event::Ended(summary.clone()));
        summary
    }
}

fn default_decision(on_error: OnError) -> FailureDecision {
    match on_error {
        OnError::Quit | OnError::Ask => FailureDecision::Quit,
        OnError::Continue => FailureDecision::Continue,
        OnError::Terminate => FailureDecision::Terminate,
    }
}

fn panicked() -> Failure {
    Failure {
        reason: "internal-error".to_owned(),
        message: "the job panicked; this is a fault in spec-host".to_owned(),
        hint: Some("Run again with --debug and report the output.".to_owned()),
        ..Failure::default()
    }
}

#[cfg(test)]
mod tests;
