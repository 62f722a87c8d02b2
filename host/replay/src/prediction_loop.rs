//! The speculation loop of a simulated session. It does what that of a build does, with the contents of the recording.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use spec_execution::{ExecutionId, WaiterId};
use spec_model::Digest;
use spec_speculation::priming::{
    Budget, ExecutionEnd, ExecutionOutcome, PrimingEffect, PrimingState, SessionRecord, WorkerLoad,
};
use spec_speculation::{ActionId, Bucket, Content, GuardedOverlayPolicy, GuardedPrimingPolicy, Resolver};

use crate::adaptations::KnownEnd;
use crate::facts::{SimulatedFacts, element_id};
use crate::recorded_session::RecordedSession;
use crate::replay_facts::ReplayFacts;
use crate::workers::{ExecutionWaiter, SimulatedWorkers};

/// The policies of a replay.
#[derive(Clone, Debug)]
pub(crate) struct ReplayPolicies {
    pub(crate) overlay: GuardedOverlayPolicy,
    pub(crate) priming: GuardedPrimingPolicy,
    /// What they can ask about the session.
    pub(crate) facts: Arc<ReplayFacts>,
}

/// Predictions of a simulated session, and the primed actions in flight.
pub(crate) struct PredictionLoop<'a> {
    session: &'a RecordedSession,
    priming: PrimingState,
    facts: SimulatedFacts<'a>,
    in_flight: BTreeMap<u64, InFlightExecution>,
    next_submission: u64,
    unanswered: HashMap<(usize, Digest), Vec<ActionId>>,
    /// What is carried out when all events of the time were taken.
    effects: Vec<PrimingEffect>,
}

#[derive(Clone, Copy)]
struct InFlightExecution {
    action: ActionId,
    digest: Digest,
    place: (ExecutionId, WaiterId),
}

/// Where primed actions are executed.
pub(crate) struct SimulatedMachine<'s> {
    pub(crate) now_us: u64,
    pub(crate) workers: &'s mut SimulatedWorkers,
    /// The actions whose results are in the action cache.
    pub(crate) cached: &'s HashSet<Digest>,
    /// How long a worker is busy with actions that the recording does not know, in microseconds.
    pub(crate) guessed_work_us: &'s mut HashMap<Digest, u64>,
}

const NOT_EXECUTED: ExecutionEnd =
    ExecutionEnd { outcome: ExecutionOutcome::NotExecuted, took_ms: 0, cpu_ms: 0, bytes: 0 };

fn millis(micros: u64) -> u32 {
    u32::try_from(micros / 1000).unwrap_or(u32::MAX)
}

impl<'a> PredictionLoop<'a> {
    /// The loop begins, with the first group of records.
    pub(crate) fn begin(
        session: &'a RecordedSession,
        policies: &ReplayPolicies,
        budget: Budget,
        records: &[SessionRecord],
        load: WorkerLoad,
    ) -> Self {
        let mut resolver =
            Resolver::new(policies.overlay.clone()).with_facts(Arc::clone(&policies.facts) as _);
        session.elements.iter().for_each(|name| _ = resolver.element_id(name));
        let mut before = HashMap::new();
        for record in records {
            let element = resolver.register(record.record.clone());
            resolver.set_closure(element, record.closure.clone());
            before.insert(element, record.before.clone());
        }
        let priming = PrimingState::new(resolver, policies.priming.clone(), budget, before);
        let is_priming_run = session.header.trigger == "prime";
        let mut priming = if is_priming_run { priming.for_priming_run() } else { priming };
        priming.set_load(load);
        let mut effects = priming.start();
        let mut facts = SimulatedFacts::new(session);
        effects.extend(facts.begin(&mut priming));
        let (in_flight, unanswered) = (BTreeMap::new(), HashMap::new());
        Self { session, priming, facts, in_flight, next_submission: 0, unanswered, effects }
    }

    pub(crate) fn add_records(&mut self, records: &[SessionRecord]) {
        self.effects.extend(self.priming.add_records(records.to_vec()));
        self.effects.extend(self.facts.tell_again(&mut self.priming));
    }

    pub(crate) fn sources_known(&mut self, element: usize) {
        self.effects.extend(self.facts.sources_known(&mut self.priming, element));
    }

    pub(crate) fn set_artifact(&mut self, element: usize, exists: bool) {
        self.effects.extend(self.facts.set_artifact(&mut self.priming, element, exists));
    }

    pub(crate) fn build_begins(&mut self, element: usize) {
        self.priming.build_begins(element_id(element));
    }

    pub(crate) fn element_ended(&mut self, element: usize) {
        self.unanswered.retain(|(of, _), _| *of != element);
        self.effects.extend(self.priming.element_ended(element_id(element)));
    }

    /// Whether nothing is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.effects.is_empty()
    }

    pub(crate) fn priming(&mut self) -> &mut PrimingState {
        &mut self.priming
    }

    /// Compares a request with the predictions, and corrects them. What was predicted before is submitted before.
    pub(crate) fn requested(&mut self, element: usize, digest: Digest, machine: &mut SimulatedMachine<'_>) {
        self.carry_out(machine);
        let mut actions = self.priming.action_requested(&digest);
        if actions.is_empty() {
            actions.extend(self.correct(element, &digest));
        }
        self.unanswered.insert((element, digest), actions);
    }

    fn correct(&mut self, element: usize, digest: &Digest) -> Option<ActionId> {
        let resolver = self.priming.resolver();
        let same = resolver.action_by_base(element_id(element), digest);
        if same.is_some_and(|action| self.priming.bucket(action) == Bucket::Unchanged) {
            return None;
        }
        let (action, observed) = self.session.actions.meaning(digest, same, resolver)?;
        if resolver.element_of(action) != element_id(element) {
            return None;
        }
        self.effects.extend(self.priming.request_observed(action, *digest, observed));
        Some(action)
    }

    /// A request was answered, with these outputs unless it failed.
    pub(crate) fn answered(
        &mut self,
        element: usize,
        digest: Digest,
        outputs: Option<&Vec<(String, Content)>>,
        machine: &mut SimulatedMachine<'_>,
    ) {
        // A hit was not told when it was requested.
        if !self.unanswered.contains_key(&(element, digest)) {
            self.requested(element, digest, machine);
        }
        let actions = self.unanswered.remove(&(element, digest)).unwrap_or_default();
        let Some(outputs) = outputs else { return };
        for action in actions {
            self.effects.extend(self.priming.action_answered(action, outputs.clone()));
        }
    }

    /// The execution of a submission ended. `has_cost` tells that it was executed for this submission.
    pub(crate) fn execution_ended(&mut self, submission: u64, has_cost: bool) {
        let Some(InFlightExecution { action, digest, .. }) = self.in_flight.remove(&submission) else {
            return;
        };
        let end = self.end_of(action, &digest, has_cost);
        self.effects.extend(self.priming.execution_ended(action, digest, end));
    }

    /// A submission was preempted too often.
    pub(crate) fn given_up(&mut self, submission: u64) {
        let Some(InFlightExecution { action, digest, .. }) = self.in_flight.remove(&submission) else {
            return;
        };
        self.effects.extend(self.priming.execution_ended(action, digest, NOT_EXECUTED));
    }

    /// Carries out all effects of the events of this time.
    pub(crate) fn settle(&mut self, machine: &mut SimulatedMachine<'_>) {
        self.priming.set_load(self.load(machine));
        let running = self.in_flight.values().filter_map(|execution| {
            let started = machine.workers.started_us(execution.place.0)?;
            Some((execution.action, millis(machine.now_us - started)))
        });
        self.priming.set_running(running);
        self.carry_out(machine);
    }

    fn load(&self, machine: &SimulatedMachine<'_>) -> WorkerLoad {
        let workers = &machine.workers;
        let started = self.in_flight.values().filter_map(|execution| workers.started_us(execution.place.0));
        WorkerLoad {
            slots: workers.count() as u32,
            busy: workers.busy() as u32,
            primed_running_ms: started.map(|started| (machine.now_us - started) / 1000).sum(),
            elsewhere: self.session.elsewhere,
        }
    }

    fn carry_out(&mut self, machine: &mut SimulatedMachine<'_>) {
        loop {
            let effects = std::mem::take(&mut self.effects);
            let (adapt, other): (Vec<_>, Vec<_>) =
                effects.into_iter().partition(|effect| matches!(effect, PrimingEffect::Adapt { .. }));
            for effect in other {
                self.carry_out_one(effect, machine);
            }
            for effect in adapt {
                self.adapt(effect);
            }
            let admitted = self.priming.admit();
            self.effects.extend(admitted);
            if self.effects.is_empty() {
                return;
            }
        }
    }

    fn adapt(&mut self, effect: PrimingEffect) {
        let PrimingEffect::Adapt { action, round, adaptation, .. } = effect else { return };
        let result = self.session.actions.adapt(action, &adaptation, self.priming.resolver());
        self.effects.extend(self.priming.action_adapted(action, round, result));
    }

    fn carry_out_one(&mut self, effect: PrimingEffect, machine: &mut SimulatedMachine<'_>) {
        let (action, digest, end) = match effect {
            PrimingEffect::Submit { action, digest, priority } => {
                (action, digest, self.submit(action, digest, priority, machine))
            }
            PrimingEffect::Cancel { action, digest } => {
                (action, digest, self.cancel(action, digest, machine))
            }
            PrimingEffect::Scan => {
                let effects = self.priming.scan(&self.facts);
                self.effects.extend(effects);
                return;
            }
            PrimingEffect::Adapt { .. } => return,
        };
        if let Some(end) = end {
            self.effects.extend(self.priming.execution_ended(action, digest, end));
        }
    }

    /// The end of a submission that is over at once.
    fn submit(
        &mut self,
        action: ActionId,
        digest: Digest,
        priority: i32,
        machine: &mut SimulatedMachine<'_>,
    ) -> Option<ExecutionEnd> {
        if machine.cached.contains(&digest) {
            return Some(self.end_of(action, &digest, false));
        }
        let known = self.session.actions.execution(&digest);
        if known.is_some_and(|known| matches!(known.end, KnownEnd::LacksContent)) {
            return Some(ExecutionEnd { outcome: ExecutionOutcome::ContentElsewhere, ..NOT_EXECUTED });
        }
        let recorded = self.priming.resolver().recorded(action);
        let guess = (u64::from(recorded.took_ms) * 1000).saturating_add(self.session.latencies.work_us);
        machine.guessed_work_us.insert(digest, guess);
        let submission = self.next_submission;
        self.next_submission += 1;
        let place = machine.workers.submit(digest, priority, ExecutionWaiter::Primed(submission));
        let Some(place) = place else { return Some(NOT_EXECUTED) };
        self.in_flight.insert(submission, InFlightExecution { action, digest, place });
        None
    }

    fn cancel(
        &mut self,
        action: ActionId,
        digest: Digest,
        machine: &mut SimulatedMachine<'_>,
    ) -> Option<ExecutionEnd> {
        let is_meant =
            |execution: &InFlightExecution| (execution.action, execution.digest) == (action, digest);
        let submission = *self.in_flight.iter().find(|(_, execution)| is_meant(execution))?.0;
        let (execution, waiter) = self.in_flight.remove(&submission)?.place;
        let started = machine.workers.started_us(execution);
        let running_us = started.map_or(0, |started| machine.now_us - started);
        // Its running time counts as CPU time of the session, so that it is not counted as stopped, too.
        let _ = machine.workers.withdraw(execution, waiter, machine.now_us);
        let running_ms = millis(running_us);
        Some(ExecutionEnd { took_ms: running_ms, cpu_ms: running_ms, ..NOT_EXECUTED })
    }

    /// How an execution of an action ends. One that the recording does not know succeeds, with outputs that nobody else has.
    fn end_of(&self, action: ActionId, digest: &Digest, has_cost: bool) -> ExecutionEnd {
        let recorded = self.priming.resolver().recorded(action);
        let known = self.session.actions.execution(digest);
        let cost = known.and_then(|known| known.cost);
        let (took_ms, cpu_ms) = match cost {
            _ if !has_cost => (0, 0),
            Some(cost) => (millis(cost.ran_us), cost.cpu_ms),
            None => (recorded.took_ms, recorded.cpu_ms),
        };
        let (outcome, bytes) = match known.map(|known| (&known.end, known.bytes)) {
            Some((KnownEnd::Succeeds(outputs), bytes)) => {
                (ExecutionOutcome::Succeeded(outputs.clone()), bytes)
            }
            Some((KnownEnd::Fails, _)) => (ExecutionOutcome::Failed, 0),
            Some((KnownEnd::LacksContent, _)) => (ExecutionOutcome::ContentElsewhere, 0),
            None => {
                let bytes = recorded.outputs.iter().map(|output| output.digest.size()).sum();
                (ExecutionOutcome::Succeeded(self.unknown_outputs(action, digest)), bytes)
            }
        };
        ExecutionEnd { outcome, took_ms, cpu_ms, bytes }
    }

    fn unknown_outputs(&self, action: ActionId, digest: &Digest) -> Vec<(String, Content)> {
        let resolver = self.priming.resolver();
        let Some(record) = resolver.expanded_record(resolver.element_of(action)) else { return Vec::new() };
        let outputs = resolver.recorded(action).outputs.iter().map(|output| {
            let path = record.record.paths.text(output.path);
            let hash = Digest::of(format!("{digest} {path}").as_bytes());
            let content = Content::File {
                digest: Digest::new(*hash.hash(), output.digest.size()),
                executable: output.executable,
            };
            (path, content)
        });
        outputs.collect()
    }
}
