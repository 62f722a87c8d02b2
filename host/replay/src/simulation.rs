//! Simulates a recorded session with other policies.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use spec_model::{Digest, UserError};
use spec_scheduler::Task;
use spec_speculation::priming::{Budget, WorkerLoad};
use spec_speculation::{GuardedOverlayPolicy, GuardedPrimingPolicy};
use spec_strategy::{ElementState, OverlayPolicy, PrimingPolicy};

use crate::adaptations::KnownEnd;
use crate::decision_log::DecisionLog;
use crate::element_requests::RequestSource;
use crate::error::{ReplayError, Result};
use crate::event_queue::{EventQueue, SimulatedEvent};
use crate::jobs::SimulatedJobs;
use crate::outcome::ReplayOutcome;
use crate::prediction_loop::{PredictionLoop, ReplayPolicies, SimulatedMachine};
use crate::recorded_session::RecordedSession;
use crate::replay_facts::ReplayFacts;
use crate::workers::{ExecutionWaiter, SimulatedWorkers};

/// How a recording is replayed.
pub struct ReplayOptions {
    /// The policy that decides which actions are primed; none for a session that primes nothing.
    pub priming: Option<Box<dyn PrimingPolicy>>,
    /// The policy that decides where inputs come from.
    pub overlay: Box<dyn OverlayPolicy>,
    /// How many actions are executed at a time; as in the recording if it is not given.
    pub workers: Option<usize>,
    /// What primed actions may cost; as in the recording if it is not given.
    pub budget: Option<Budget>,
}

/// Replays a recording.
///
/// # Errors
/// When the recording has jobs that never ended, so that the simulation would not end.
pub fn replay(session: &RecordedSession, options: ReplayOptions) -> Result<ReplayOutcome> {
    let mut simulation = Simulation::new(session, options);
    simulation.begin();
    loop {
        let events = simulation.queue.advance();
        if events.is_empty() {
            return simulation.finish();
        }
        simulation.log.set_now(simulation.queue.now_us());
        simulation.facts.set_now(simulation.queue.now_us());
        events.into_iter().for_each(|event| simulation.take(event));
        simulation.settle();
    }
}

/// What builds tell the speculation loop. Elements and requests are those of the recording.
#[derive(Clone, Copy)]
enum Told {
    BuildBegins(usize),
    Sources(usize),
    /// Whether the artifact exists.
    Artifact(usize, bool),
    BuildEnded(usize),
    Requested(usize, usize),
    Answered(usize, usize),
}

struct Simulation<'a> {
    session: &'a RecordedSession,
    policies: Option<ReplayPolicies>,
    budget: Budget,
    queue: EventQueue,
    jobs: SimulatedJobs<'a>,
    /// Whether jobs may start.
    has_begun: bool,
    workers: SimulatedWorkers,
    predictions: Option<PredictionLoop<'a>>,
    /// What the speculation loop takes when it begins.
    told_before: Vec<Told>,
    cached: HashSet<Digest>,
    /// By element, its job that builds, and its requests that are not answered.
    builds: Vec<(usize, usize)>,
    /// Jobs that end when nothing is left to prime, not before a time.
    prime_jobs: Vec<(usize, u64)>,
    stopped_us: u64,
    guessed_work_us: HashMap<Digest, u64>,
    log: Arc<DecisionLog>,
    facts: Arc<ReplayFacts>,
    outcome: ReplayOutcome,
}

impl<'a> Simulation<'a> {
    fn new(session: &'a RecordedSession, options: ReplayOptions) -> Self {
        let log = Arc::new(DecisionLog::default());
        let workers = options.workers.unwrap_or(session.header.workers as usize);
        let facts = Arc::new(ReplayFacts::new(session, workers));
        let policies = options.priming.map(|policy| {
            let priming = GuardedPrimingPolicy::new(policy);
            priming.add_listener(Arc::clone(&log) as _);
            let (overlay, facts) = (GuardedOverlayPolicy::new(options.overlay), Arc::clone(&facts));
            ReplayPolicies { overlay, priming, facts }
        });
        Self {
            session,
            policies,
            budget: options.budget.unwrap_or_else(|| recorded_budget(session)),
            queue: EventQueue::default(),
            jobs: SimulatedJobs::new(session),
            has_begun: false,
            workers: SimulatedWorkers::new(workers),
            predictions: None,
            told_before: Vec::new(),
            cached: session.cached_before.clone(),
            builds: vec![(0, 0); session.elements.len()],
            prime_jobs: Vec::new(),
            stopped_us: 0,
            guessed_work_us: HashMap::new(),
            log,
            facts,
            outcome: ReplayOutcome::default(),
        }
    }

    fn begin(&mut self) {
        let first_job = self.session.jobs.iter().filter_map(|job| job.start_us).min().unwrap_or(0);
        self.queue.add(first_job, SimulatedEvent::JobsBegin);
        let Some(begin_us) = self.session.predictions_begin_us.filter(|_| self.policies.is_some()) else {
            return;
        };
        self.queue.add(begin_us, SimulatedEvent::PredictionsBegin);
        for (group, (at_us, _)) in self.session.record_groups.iter().enumerate() {
            if *at_us > begin_us {
                self.queue.add(*at_us, SimulatedEvent::RecordsAdded(group));
            }
        }
        // What became known outside of all jobs of the element becomes known at the recorded time.
        for (element, files) in &self.session.sources {
            if !files.unavailable && self.job_during(*element, files.at_us).is_none() {
                self.queue.add(files.at_us, SimulatedEvent::SourcesKnown(*element));
            }
        }
    }

    /// The job of an element that ran at this time of the recording.
    fn job_during(&self, element: usize, at_us: u64) -> Option<usize> {
        let jobs = self.session.graph.jobs().iter().zip(&self.session.jobs);
        jobs.into_iter().position(|(job, times)| {
            job.element == element
                && times.start_us.is_some_and(|start| start <= at_us)
                && times.end_us.is_some_and(|end| at_us <= end)
        })
    }

    fn take(&mut self, event: SimulatedEvent) {
        match event {
            SimulatedEvent::JobsBegin => self.has_begun = true,
            SimulatedEvent::PredictionsBegin => self.begin_predictions(),
            SimulatedEvent::RecordsAdded(group) => {
                let records = &self.session.record_groups[group].1;
                self.predictions.iter_mut().for_each(|predictions| predictions.add_records(records));
            }
            SimulatedEvent::SourcesKnown(element) => self.tell(Told::Sources(element)),
            SimulatedEvent::JobEnds(job) => self.job_ends(job),
            SimulatedEvent::Asks(element, request) => self.asks(element, request),
            SimulatedEvent::IsAnswered(element, request) => self.is_answered(element, request),
            SimulatedEvent::RunEnds(run) => self.run_ends(run),
        }
    }

    /// Tells the predictions, or keeps it for them until they begin.
    fn tell(&mut self, told: Told) {
        let requests = &self.session.requests;
        if self.predictions.is_none() {
            let is_expected = self.policies.is_some() && self.session.predictions_begin_us.is_some();
            self.told_before.extend(is_expected.then_some(told));
            return;
        }
        self.with_machine(|predictions, machine| match told {
            Told::BuildBegins(element) => predictions.build_begins(element),
            Told::Sources(element) => predictions.sources_known(element),
            Told::Artifact(element, exists) => predictions.set_artifact(element, exists),
            Told::BuildEnded(element) => predictions.element_ended(element),
            Told::Requested(element, index) => {
                predictions.requested(element, requests[element].requests[index].digest, machine);
            }
            Told::Answered(element, index) => {
                let request = &requests[element].requests[index];
                predictions.answered(element, request.digest, request.outputs.as_ref(), machine);
            }
        });
    }

    /// Calls with the predictions, and with the machine that they submit to.
    fn with_machine(&mut self, call: impl FnOnce(&mut PredictionLoop<'a>, &mut SimulatedMachine<'_>)) {
        let Some(predictions) = &mut self.predictions else { return };
        let mut machine = SimulatedMachine {
            now_us: self.queue.now_us(),
            workers: &mut self.workers,
            cached: &self.cached,
            guessed_work_us: &mut self.guessed_work_us,
        };
        call(predictions, &mut machine);
    }

    fn begin_predictions(&mut self) {
        let (session, Some(policies)) = (self.session, &self.policies) else { return };
        let now = self.queue.now_us();
        let first = session.record_groups.iter().take_while(|(at_us, _)| *at_us <= now);
        let records: Vec<_> = first.flat_map(|(_, records)| records.iter().cloned()).collect();
        let (slots, busy) = (self.workers.count() as u32, self.workers.busy() as u32);
        let load = WorkerLoad { slots, busy, primed_running_ms: 0, elsewhere: session.elsewhere };
        self.predictions = Some(PredictionLoop::begin(session, policies, self.budget, &records, load));
        std::mem::take(&mut self.told_before).into_iter().for_each(|told| self.tell(told));
    }

    fn job_starts(&mut self, job: usize) {
        let (now, times) = (self.queue.now_us(), &self.session.jobs[job]);
        let (Some(start), Some(end)) = (times.start_us, times.end_us) else {
            // It was never started, or never ended: it ends as one that was cancelled.
            return self.queue.add(now, SimulatedEvent::JobEnds(job));
        };
        let spec_scheduler::Job { element, task } = self.jobs.job(job);
        if task == Task::Build {
            self.facts.set_state(element, ElementState::Building);
            self.tell(Told::BuildBegins(element));
        }
        let known = self.session.sources.get(&element).filter(|files| !files.unavailable);
        let known = known.filter(|files| self.job_during(element, files.at_us) == Some(job));
        let known = known.map(|files| now.saturating_add(files.at_us.saturating_sub(start)));
        if let Some(at_us) = known {
            self.queue.add(at_us, SimulatedEvent::SourcesKnown(element));
        }
        let requests = &self.session.requests[element];
        match task {
            Task::Build if !requests.requests.is_empty() => {
                self.builds[element] = (job, requests.requests.len());
                for (request, after_us) in requests.first() {
                    self.queue.add(now.saturating_add(*after_us), SimulatedEvent::Asks(element, *request));
                }
            }
            Task::Prime if self.policies.is_some() => self.prime_jobs.push((job, known.unwrap_or(now))),
            _ => self.queue.add(now.saturating_add(end.saturating_sub(start)), SimulatedEvent::JobEnds(job)),
        }
    }

    fn job_ends(&mut self, job: usize) {
        self.jobs.end(job);
        self.outcome.wall_us = self.queue.now_us();
        let spec_scheduler::Job { element, task } = self.jobs.job(job);
        let exists = matches!(self.session.jobs[job].end.as_str(), "done" | "unneeded");
        match task {
            Task::Build => {
                let state = if exists { ElementState::Built } else { ElementState::Failed };
                self.facts.set_state(element, state);
                self.tell(Told::Artifact(element, exists));
                self.tell(Told::BuildEnded(element));
            }
            Task::Pull if exists => self.tell(Told::Artifact(element, true)),
            _ => {}
        }
    }

    fn asks(&mut self, element: usize, index: usize) {
        let (now, request) = (self.queue.now_us(), &self.session.requests[element].requests[index]);
        let took = request.answered_us.saturating_sub(request.asked_us);
        let after = match request.source {
            RequestSource::Uploaded => Some(took),
            RequestSource::CacheHit if self.cached.contains(&request.digest) => Some(took),
            _ if self.cached.contains(&request.digest) => Some(self.session.latencies.hit_us),
            _ => None,
        };
        if let Some(after) = after {
            self.outcome.hits += u64::from(request.source != RequestSource::Uploaded);
            return self.queue.add(now.saturating_add(after), SimulatedEvent::IsAnswered(element, index));
        }
        self.tell(Told::Requested(element, index));
        let waiter = ExecutionWaiter::Request(element, index);
        // The queue has no bound.
        let _ = self.workers.submit(request.digest, 0, waiter);
    }

    fn is_answered(&mut self, element: usize, index: usize) {
        let (now, session) = (self.queue.now_us(), self.session);
        let requests = &session.requests[element];
        self.tell(Told::Answered(element, index));
        for (next, think_us) in requests.after(index) {
            self.queue.add(now.saturating_add(*think_us), SimulatedEvent::Asks(element, *next));
        }
        let (job, open) = &mut self.builds[element];
        *open -= 1;
        if *open == 0 {
            self.queue.add(now.saturating_add(requests.rest_us()), SimulatedEvent::JobEnds(*job));
        }
    }

    fn run_ends(&mut self, run: u64) {
        let Some((action, waiters)) = self.workers.end(run) else { return };
        let known = self.session.actions.execution(&action);
        if known.is_none_or(|known| matches!(known.end, KnownEnd::Succeeds(_))) {
            self.cached.insert(action);
        }
        let first_is_primed = matches!(waiters.first(), Some(ExecutionWaiter::Primed(_)));
        for (number, waiter) in waiters.into_iter().enumerate() {
            match waiter {
                ExecutionWaiter::Primed(submission) => {
                    let predictions = self.predictions.iter_mut();
                    predictions.for_each(|predictions| predictions.execution_ended(submission, number == 0));
                }
                ExecutionWaiter::Request(element, index) => {
                    let counted =
                        if first_is_primed { &mut self.outcome.joined } else { &mut self.outcome.executed };
                    *counted += 1;
                    let request = &self.session.requests[element].requests[index];
                    let overhead = request.overhead_us().unwrap_or(self.session.latencies.overhead_us);
                    let at = self.queue.now_us().saturating_add(overhead);
                    self.queue.add(at, SimulatedEvent::IsAnswered(element, index));
                }
            }
        }
    }

    /// Does what follows from the events of this time.
    fn settle(&mut self) {
        if self.has_begun {
            self.jobs.start_ready().into_iter().for_each(|job| self.job_starts(job));
        }
        let now = self.queue.now_us();
        self.preempt(now);
        self.with_machine(|predictions, machine| predictions.settle(machine));
        self.preempt(now);
        for (run, action) in self.workers.start(now) {
            let work = if self.cached.contains(&action) { 0 } else { self.work_us(&action) };
            self.queue.add(now.saturating_add(work), SimulatedEvent::RunEnds(run));
        }
        self.end_prime_jobs(now);
    }

    fn preempt(&mut self, now: u64) {
        for stopped in self.workers.preempt(now) {
            self.stopped_us = self.stopped_us.saturating_add(stopped.ran_us);
            for waiter in stopped.given_up {
                if let ExecutionWaiter::Primed(submission) = waiter {
                    self.predictions.iter_mut().for_each(|predictions| predictions.given_up(submission));
                }
            }
        }
    }

    /// How long a worker is busy with an action.
    fn work_us(&self, action: &Digest) -> u64 {
        let known = self.session.actions.execution(action).and_then(|known| known.cost);
        let guess = || self.guessed_work_us.get(action).copied().unwrap_or(self.session.latencies.work_us);
        known.map_or_else(guess, |cost| cost.worked_us)
    }

    fn end_prime_jobs(&mut self, now: u64) {
        let is_idle = match &self.predictions {
            Some(predictions) => predictions.is_idle(),
            None => self.session.predictions_begin_us.is_none_or(|begin| begin < now),
        };
        // Sources that become known at that time are taken before it is looked at again.
        let (over, open) =
            self.prime_jobs.drain(..).partition::<Vec<_>, _>(|(_, not_before)| is_idle && *not_before <= now);
        self.prime_jobs = open;
        for (job, _) in over {
            self.queue.add(now, SimulatedEvent::JobEnds(job));
        }
    }

    fn finish(mut self) -> Result<ReplayOutcome> {
        if let Some(job) = self.jobs.unfinished() {
            let name = self.session.elements.get(job.element).map_or("?", String::as_str);
            let why = format!("the job {} of {name} does not end", job.task);
            return Err(ReplayError::Unfinished { file: self.session.file.clone(), why });
        }
        if let Some(predictions) = &mut self.predictions {
            self.outcome.totals = predictions.priming().totals();
        }
        if let Some(ReplayPolicies { overlay, priming, .. }) = &self.policies {
            let warnings = [overlay.take_warning(), priming.take_warning()].into_iter().flatten();
            self.outcome.warnings =
                warnings.map(|warning| format!("{}: {warning}", warning.reason())).collect();
        }
        self.outcome.stopped_ms = self.stopped_us / 1000;
        self.outcome.decisions = self.log.take();
        Ok(self.outcome)
    }
}

fn recorded_budget(session: &RecordedSession) -> Budget {
    let Some(budget) = &session.header.budget else { return Budget::default() };
    Budget {
        in_flight: budget.in_flight,
        cpu_share: u8::try_from(budget.cpu_share).unwrap_or(100),
        cpu_ms: budget.cpu_ms,
        output_bytes: budget.output_bytes,
    }
}
