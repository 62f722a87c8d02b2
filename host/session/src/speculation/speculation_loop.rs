//! The speculation loop: the thread that owns the predictions of a session. It takes events, and carries out the effects
//! that follow from them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use spec_execution::Rights;
use spec_model::{AnswerSource, Digest};
use spec_recording::SessionRecorder;
use spec_speculation::priming::{AdaptResult, PrimingEffect, PrimingState, WorkerLoad};
use spec_speculation::{ActionId, Bucket, ExpandedRecord, Instantiated, Instantiator, RequestedAction};

use super::element_facts::ElementFacts;
use super::element_trees::{ElementTree, ElementTrees, KnownContent, element_id};
use super::event_channel::{
    ElementPredictions, EventReceiver, EventSender, OutputFiles, PulledRecord, SpeculationEvent,
};
use super::in_flight::{InFlightExecutions, NOT_EXECUTED};
use super::policies::SessionPolicies;
use super::primed_outputs::PrimedOutputs;
use super::record_pull::RecordPull;
use super::recorded_events as recorded;
use super::records::PulledRecords;
use super::session_elements::SessionElements;
use super::shadow::ShadowPolicy;
use super::start::{InitialState, session_record, start};
use crate::session::Session;
use crate::shared_caches::SharedCaches;

/// The number of events that are taken, and of actions that are adapted, before the effects that follow are carried out.
const BATCH: usize = 64;
/// How often the budget is checked while primed actions run.
const BUDGET_INTERVAL: Duration = Duration::from_secs(1);
/// How long the loop waits for an event while no primed action runs.
const IDLE_INTERVAL: Duration = Duration::from_secs(60);

/// Requests of an element that are kept until its record is there, at most.
const MAX_EARLY_REQUESTS: usize = 10_000;

/// Where records come from that are not here.
pub(super) struct RecordSources {
    pub(super) caches: Arc<SharedCaches>,
    /// Those that came from there.
    pub(super) pulled: Arc<PulledRecords>,
}

/// What the thread owns.
struct SpeculationLoop {
    session: Arc<Session>,
    elements: SessionElements,
    facts: Arc<ElementFacts>,
    priming: PrimingState,
    trees: ElementTrees,
    in_flight: InFlightExecutions,
    /// Requests that are not answered yet, by element and action, with the recorded actions in whose place they are.
    unanswered: HashMap<(usize, Digest), Vec<ActionId>>,
    /// Whom to tell when nothing is left to do and no primed action runs.
    idle_waiters: Vec<SyncSender<()>>,
    /// The pull of records, until it has ended.
    pull: Option<RecordPull>,
    /// Records that are registered after those that are pulled, by element.
    deferred: BTreeMap<usize, ExpandedRecord>,
    /// By element whose record is not registered yet, and whose build has not ended, what it has requested so far.
    early_requests: HashMap<usize, Vec<Digest>>,
    /// The load that was recorded last: workers, and actions that run or wait.
    recorded_load: (u32, u32),
    shadow: Option<ShadowPolicy>,
    outputs: PrimedOutputs,
}

/// Predicts and primes until the session ends. Returns when there is no record, and none is pulled.
pub(super) fn run(
    session: Arc<Session>,
    elements: SessionElements,
    policies: &SessionPolicies,
    facts: Arc<ElementFacts>,
    sources: &RecordSources,
    sender: EventSender,
    receiver: &EventReceiver,
) {
    let Ok(executions) = session.executions.executions.get() else { return };
    let can_pull = sources.caches.pulled_artifacts().is_some();
    let Some(initial) = start(&session, &elements, policies, Arc::clone(&facts), can_pull) else { return };
    executions.expect_actions(&staged_trees(&session, &elements));
    let InitialState { priming, wanted, deferred } = initial;
    let early_requests = wanted.iter().map(|wanted| wanted.element).chain(deferred.keys().copied());
    let early_requests = early_requests.map(|element| (element, Vec::new())).collect();
    let pull = match wanted.is_empty() {
        true => None,
        false => RecordPull::start(&session, &sources.caches, &sources.pulled, wanted, sender.clone()),
    };
    let trees = ElementTrees::new(elements.takes_part.len());
    let in_flight = InFlightExecutions::new(executions, sender);
    let (unanswered, idle_waiters) = (HashMap::new(), Vec::new());
    let outputs = PrimedOutputs::new(!session.requests_elsewhere());
    let mut state = SpeculationLoop {
        session,
        elements,
        facts,
        priming,
        trees,
        in_flight,
        unanswered,
        idle_waiters,
        pull,
        deferred,
        early_requests,
        recorded_load: (0, 0),
        shadow: policies.shadow.clone(),
        outputs,
    };
    state.begin();
    state.follow(receiver);
    state.session.recorded_inputs.clear();
}

/// The artifacts in the store that are staged for the builds of elements that take part.
fn staged_trees(session: &Session, elements: &SessionElements) -> Vec<Digest> {
    let takes_part = (0..elements.takes_part.len()).filter(|element| elements.takes_part[*element]);
    let below: BTreeSet<usize> =
        takes_part.flat_map(|element| session.project.build_scope(element)).collect();
    below.into_iter().filter_map(|element| elements.planned.files.get(element).copied().flatten()).collect()
}

impl SpeculationLoop {
    fn begin(&mut self) {
        self.set_load();
        let mut effects = self.priming.start();
        effects.extend(self.trees.begin(&self.session, &mut self.priming, &self.elements));
        if self.pull.is_none() {
            // The thread for it could not be started.
            effects.extend(self.records_pulled(Vec::new()));
        }
        self.carry_out(effects);
    }

    /// Takes events until the session ends, or until it is clear that there is no record.
    fn follow(&mut self, receiver: &EventReceiver) {
        while let Ok(event) = receiver.next(self.timeout()) {
            let mut effects = Vec::new();
            // Events that come in while these are handled wait until their effects are carried out.
            let batch: Vec<SpeculationEvent> =
                event.into_iter().chain(receiver.waiting()).take(BATCH).collect();
            for event in batch {
                match event {
                    SpeculationEvent::SessionEnded { reply } => {
                        if self.has_records() {
                            self.shadow.iter().for_each(|shadow| shadow.conclude(&self.priming));
                            // The receiver is gone if it has waited too long.
                            let _ = reply.try_send(self.priming.totals());
                        }
                        return;
                    }
                    // What was predicted before a request is submitted before the request is looked at.
                    request @ SpeculationEvent::Requested { .. } => {
                        self.carry_out(std::mem::take(&mut effects));
                        effects = self.take(request);
                    }
                    other => effects.extend(self.take(other)),
                }
            }
            self.set_load();
            self.carry_out(effects);
            if self.pull.is_none() && !self.has_records() {
                return;
            }
            self.tell_idle();
        }
    }

    fn recorder(&self) -> &SessionRecorder {
        &self.session.options.recorder
    }

    fn set_load(&mut self) {
        let load = self.in_flight.load();
        let WorkerLoad { slots, busy, .. } = load;
        if std::mem::replace(&mut self.recorded_load, (slots, busy)) != (slots, busy) {
            recorded::record_load(self.recorder(), load);
        }
        self.priming.set_load(load);
        self.priming.set_running(self.in_flight.running());
    }

    fn has_records(&self) -> bool {
        self.priming.resolver().actions().next().is_some()
    }

    /// Registers the records that were pulled, and those that waited for them, of elements whose builds have not ended.
    fn records_pulled(&mut self, pulled: Vec<PulledRecord>) -> Vec<PrimingEffect> {
        self.pull = None;
        let mut records = std::mem::take(&mut self.deferred);
        records.extend(pulled.into_iter().map(|pulled| (pulled.element, pulled.expanded)));
        records.retain(|element, _| self.early_requests.contains_key(element));
        let early_requests = std::mem::take(&mut self.early_requests);
        if records.is_empty() {
            return Vec::new();
        }
        let (session, elements) = (&self.session, &self.elements);
        let records = records.into_iter().map(|(element, expanded)| {
            let record = session_record(session, elements, element, expanded);
            recorded::record_registered(&session.options.recorder, element_id(element), &record);
            record
        });
        let mut effects = self.priming.add_records(records.collect());
        effects.extend(self.trees.tell_again(&self.session, &mut self.priming));
        for (element, requests) in early_requests {
            for action in requests {
                effects.extend(self.requested(element, action));
            }
        }
        effects
    }

    /// Tells those who wait for it that nothing is left to do.
    fn tell_idle(&mut self) {
        if self.in_flight.is_empty() && self.pull.is_none() {
            // Who was cancelled waits no more.
            self.idle_waiters.drain(..).for_each(|waiter| _ = waiter.try_send(()));
        }
    }

    fn timeout(&self) -> Duration {
        if self.in_flight.is_empty() { IDLE_INTERVAL } else { BUDGET_INTERVAL }
    }

    fn take(&mut self, event: SpeculationEvent) -> Vec<PrimingEffect> {
        let (session, priming) = (&self.session, &mut self.priming);
        match event {
            SpeculationEvent::Requested { element, action } => self.requested(element, action),
            SpeculationEvent::RequestedBefore { element, action } => self.requested_before(element, action),
            SpeculationEvent::Answered { element, action, answered, outputs } => {
                self.answered(element, action, answered, outputs)
            }
            SpeculationEvent::ExecutionEnded { submission, end, cost } => {
                match self.in_flight.remove(submission) {
                    Some((action, digest)) => {
                        recorded::record_executed(&session.options.recorder, action, digest, &end, cost);
                        let element = priming.resolver().element_of(action).0 as usize;
                        self.outputs.made(&session.cas, element, &end);
                        priming.execution_ended(action, digest, end)
                    }
                    None => Vec::new(),
                }
            }
            SpeculationEvent::BuildBegins { element } => {
                self.outputs.build_begins(&session.cas, element);
                priming.build_begins(element_id(element));
                Vec::new()
            }
            SpeculationEvent::SourcesStaged { element, tree } => {
                self.facts.begins(element);
                self.trees.set_sources(session, priming, element, &tree)
            }
            SpeculationEvent::ArtifactCached { element, files } => {
                self.facts.has_artifact(element);
                self.trees.set_artifact(session, priming, element, ElementTree::Known(files))
            }
            SpeculationEvent::RecordsPulled { records } => self.records_pulled(records),
            SpeculationEvent::BuildEnded { element } => {
                self.facts.ended(element);
                self.outputs.build_ended(element);
                self.early_requests.remove(&element);
                self.unanswered.retain(|(of, _), _| *of != element);
                recorded::record_element_ended(&session.options.recorder, element);
                let mut effects =
                    self.trees.set_artifact(session, priming, element, ElementTree::Unavailable);
                effects.extend(priming.element_ended(element_id(element)));
                effects
            }
            SpeculationEvent::PredictionsWanted { element, reply } => {
                let id = element_id(element);
                let (results, misses) = (priming.prediction_results(id), priming.misses(id));
                let _ = reply.try_send(ElementPredictions { results, misses });
                Vec::new()
            }
            SpeculationEvent::IdleWanted { reply } => {
                self.idle_waiters.push(reply);
                Vec::new()
            }
            SpeculationEvent::SessionEnded { .. } => Vec::new(),
        }
    }

    /// Compares a request with the predictions, and corrects them.
    fn requested(&mut self, element: usize, digest: Digest) -> Vec<PrimingEffect> {
        if let Some(early) =
            self.early_requests.get_mut(&element).filter(|early| early.len() < MAX_EARLY_REQUESTS)
        {
            early.push(digest);
        }
        let (mut actions, mut effects) = (self.priming.action_requested(&digest), Vec::new());
        if actions.is_empty()
            && let Some((action, corrections)) = self.correct(element, &digest)
        {
            effects.extend(corrections);
            actions.push(action);
        }
        self.unanswered.insert((element, digest), actions);
        effects
    }

    /// Compares a request that was made some time ago with the predictions. There is nothing left to correct: what is predicted
    /// only now was no help to the build.
    fn requested_before(&mut self, element: usize, digest: Digest) -> Vec<PrimingEffect> {
        let (mut actions, mut effects) = (self.priming.action_requested(&digest), Vec::new());
        if actions.is_empty()
            && let Some(action) = self.recorded_action_for(element, &digest)
        {
            effects.extend(self.priming.request_observed(action, digest, Vec::new()));
            actions.push(action);
        }
        self.unanswered.insert((element, digest), actions);
        effects
    }

    /// The recorded action in whose place a request is.
    fn recorded_action_for(&self, element: usize, digest: &Digest) -> Option<ActionId> {
        let id = element_id(element);
        let same = self.priming.resolver().action_by_base(id, digest);
        let request = || RequestedAction::of(&self.session.cas, digest).ok();
        same.or_else(|| self.priming.recorded_action_for(id, &request()?.command))
    }

    /// Finds the recorded action in whose place a request is, and corrects the predictions of its inputs.
    fn correct(&mut self, element: usize, digest: &Digest) -> Option<(ActionId, Vec<PrimingEffect>)> {
        let (cas, id) = (&self.session.cas, element_id(element));
        let same = self.priming.resolver().action_by_base(id, digest);
        if same.is_some_and(|action| self.priming.bucket(action) == Bucket::Unchanged) {
            return None;
        }
        let request = RequestedAction::of(cas, digest).ok()?;
        let action = same.or_else(|| self.priming.recorded_action_for(id, &request.command))?;
        let record = &self.priming.resolver().expanded_record(id)?.record;
        let expanded = self.priming.resolver().expanded_action(action)?;
        let observed = request.observed_inputs(cas, record, expanded).ok()?;
        let record = self.priming.resolver().expanded_record(id)?;
        recorded::record_observed(self.recorder(), element, (*digest, action), record, &observed);
        Some((action, self.priming.request_observed(action, *digest, observed)))
    }

    fn answered(
        &mut self,
        element: usize,
        digest: Digest,
        answered: AnswerSource,
        outputs: Option<OutputFiles>,
    ) -> Vec<PrimingEffect> {
        let mut effects = Vec::new();
        // The action cache answered, so that no event told of the request.
        if matches!(answered, AnswerSource::CacheHit | AnswerSource::Uploaded)
            && !self.unanswered.contains_key(&(element, digest))
        {
            effects.extend(self.requested(element, digest));
        }
        let actions = self.unanswered.remove(&(element, digest)).unwrap_or_default();
        let Some(outputs) = outputs else { return effects };
        for action in actions {
            effects.extend(self.priming.action_answered(action, outputs.clone()));
        }
        effects
    }

    /// Carries out effects, and those that follow from them, until there are no more.
    fn carry_out(&mut self, mut effects: Vec<PrimingEffect>) {
        loop {
            let (adapt, other): (Vec<_>, Vec<_>) =
                effects.into_iter().partition(|effect| matches!(effect, PrimingEffect::Adapt { .. }));
            let mut next = self.submit_cancel_scan(other);
            let mut adapt = adapt.into_iter();
            next.extend(self.adapt(adapt.by_ref().take(BATCH)));
            next.extend(self.priming.admit());
            next.extend(adapt);
            if next.is_empty() {
                return;
            }
            effects = next;
        }
    }

    fn submit_cancel_scan(&mut self, effects: Vec<PrimingEffect>) -> Vec<PrimingEffect> {
        let submitted = effects.iter().filter_map(|effect| match effect {
            PrimingEffect::Submit { action, digest, .. } => Some((*action, *digest)),
            _ => None,
        });
        let stored = self.store(submitted);
        let mut next = Vec::new();
        for effect in effects {
            let (action, digest, end) = match effect {
                PrimingEffect::Submit { action, digest, priority } if stored.contains(&action) => {
                    recorded::record_submitted(self.recorder(), action, digest, priority);
                    let end = self.rights(action).map_or(Some(NOT_EXECUTED), |rights| {
                        self.in_flight.submit(action, digest, priority, Arc::new(rights))
                    });
                    (action, digest, end)
                }
                PrimingEffect::Submit { action, digest, .. } => (action, digest, Some(NOT_EXECUTED)),
                PrimingEffect::Cancel { action, digest } => {
                    (action, digest, self.in_flight.cancel(action, digest))
                }
                PrimingEffect::Scan => {
                    let recorder = &self.session.options.recorder;
                    let lookup = KnownContent { trees: &self.trees, cas: &self.session.cas, recorder };
                    next.extend(self.priming.scan(&lookup));
                    continue;
                }
                PrimingEffect::Adapt { .. } => continue,
            };
            if let Some(end) = end {
                recorded::record_executed(self.recorder(), action, digest, &end, None);
                next.extend(self.priming.execution_ended(action, digest, end));
            }
        }
        next
    }

    /// The rights of the actions that the build of the action's element requests; the commands of builds have no network.
    fn rights(&self, action: ActionId) -> Option<Rights> {
        let element = self.priming.resolver().element_of(action).0 as usize;
        Some(spec_build::action_rights(self.session.project.elements.get(element)?, false))
    }

    /// Stores the messages of actions that are submitted, and returns those for which that succeeded. Adapting an action
    /// does not store it, since most adapted actions are submitted much later or never.
    fn store(&self, actions: impl Iterator<Item = (ActionId, Digest)>) -> HashSet<ActionId> {
        let resolver = self.priming.resolver();
        let mut instantiator = Instantiator::new(&self.session.cas);
        let made = actions.filter(|(action, digest)| {
            let made = instantiator.adapt(&resolver.recorded(*action).base, &resolver.adaptation(*action));
            matches!(made, Ok(Instantiated::Adapted { action, .. }) if action == *digest)
        });
        let made = made.map(|(action, _)| action).collect();
        instantiator.finish().map_or_else(|_| HashSet::new(), |()| made)
    }

    /// Finds the digests of adapted actions.
    fn adapt(&mut self, effects: impl Iterator<Item = PrimingEffect>) -> Vec<PrimingEffect> {
        let mut instantiator = Instantiator::new(&self.session.cas);
        let mut next = Vec::new();
        for effect in effects {
            if let PrimingEffect::Adapt { action, round, base, adaptation } = effect {
                let result = match instantiator.adapt(&base, &adaptation) {
                    Ok(Instantiated::Unchanged) => AdaptResult::Unchanged,
                    Ok(Instantiated::Adapted { action, command, .. }) => {
                        AdaptResult::Action { digest: action, command }
                    }
                    Err(_) => AdaptResult::Contradiction,
                };
                recorded::record_adapted(&self.session.options.recorder, action, base, adaptation, result);
                next.extend(self.priming.action_adapted(action, round, result));
            }
        }
        next
    }
}
