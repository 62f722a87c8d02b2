//! The events of a session, and the effects that follow from them.

use spec_model::Digest;

use super::action_stage::ActionStage;
use super::budget::Cost;
use super::effect::{AdaptResult, ExecutionEnd, ExecutionOutcome, PrimingEffect, WorkerLoad};
use super::state::{PredictionStats, PrimingState, SessionRecord};
use crate::accounting::{Bucket, PendingOn};
use crate::record::{Content, InputId};
use crate::resolve::{
    ActionId, ContentLookup, ElementId, Fact, ImpossibleCause, Invalidated, OriginId, Prediction,
    PredictionKind, TreeId,
};

impl PrimingState {
    /// The session begins: predicts all actions.
    pub fn start(&mut self) -> Vec<PrimingEffect> {
        let all = self.resolver.actions().collect();
        self.predict(all)
    }

    /// Adds records of elements that are going to be built, dependencies first, and predicts their actions. The caller must
    /// tell the facts again that are known already.
    pub fn add_records(&mut self, records: Vec<SessionRecord>) -> Vec<PrimingEffect> {
        let first = ActionId(self.actions.len() as u32);
        for SessionRecord { record, closure, before } in records {
            let element = self.resolver.register(record);
            self.resolver.set_closure(element, closure);
            self.before.insert(element, before);
        }
        let added = self.index_new_actions(first);
        let mut invalidated = self.resolver.refresh_outputs(first);
        invalidated.extend(added);
        self.predict(invalidated)
    }

    /// The load of the workers changed.
    pub fn set_load(&mut self, load: WorkerLoad) {
        (self.slots, self.elsewhere) = (load.slots, load.elsewhere);
        self.requested = load.busy.saturating_sub(self.budget.in_flight());
        self.budget.set_running_ms(load.primed_running_ms);
    }

    /// The build of an element begins, which is going to request its actions.
    pub fn build_begins(&mut self, element: ElementId) {
        self.building.insert(element);
    }

    /// The contents of origins were looked up: see [`Resolver::wanted_paths`](crate::Resolver::wanted_paths).
    pub fn origins_known(&mut self, found: Vec<(OriginId, Option<Content>)>) -> Vec<PrimingEffect> {
        let invalidated = self.resolver.set_origins(found);
        self.predict(invalidated)
    }

    /// Has the overlay policy scan the files that changed.
    pub fn scan(&mut self, lookup: &dyn ContentLookup) -> Vec<PrimingEffect> {
        let invalidated = self.resolver.scan(lookup);
        self.predict(invalidated)
    }

    /// A fact will never be known.
    pub fn fact_unavailable(&mut self, fact: Fact) -> Vec<PrimingEffect> {
        let invalidated = self.resolver.set_unavailable(fact);
        self.predict(invalidated)
    }

    /// A tree of dependencies was made.
    pub fn tree_known(&mut self, tree: TreeId, digest: Digest) -> Vec<PrimingEffect> {
        let invalidated = self.resolver.set_tree(tree, Some(digest));
        self.predict(invalidated)
    }

    /// An action was instantiated. Does nothing if it was predicted again since.
    pub fn action_adapted(
        &mut self,
        action: ActionId,
        round: u32,
        result: AdaptResult,
    ) -> Vec<PrimingEffect> {
        let state = self.action_state_mut(action);
        if state.round != round || state.stage != ActionStage::Adapting {
            return Vec::new();
        }
        let invalidated = match result {
            AdaptResult::Action { digest, command } => {
                (state.predicted, state.is_confirmed, state.decision) = (Some(digest), false, None);
                let same_command =
                    self.by_command.entry((self.resolver.element_of(action), command)).or_default();
                if !same_command.contains(&action) {
                    same_command.push(action);
                }
                self.set_stage(action, ActionStage::Candidate(digest));
                Invalidated::new()
            }
            AdaptResult::Unchanged => {
                let outputs = self.resolver.recorded_outputs(action);
                self.end_action(action, Bucket::Unchanged);
                self.resolver.set_outputs(action, Some(outputs), false)
            }
            AdaptResult::Contradiction => {
                self.set_stage(action, ActionStage::NotAdapted);
                self.resolver.set_obstacle(action, Some(ImpossibleCause::Contradiction))
            }
        };
        self.predict(invalidated)
    }

    /// A submitted execution ended, or was answered from the action cache.
    pub fn execution_ended(
        &mut self,
        action: ActionId,
        digest: Digest,
        end: ExecutionEnd,
    ) -> Vec<PrimingEffect> {
        let actual = Cost { cpu_ms: end.cpu_ms.into(), bytes: end.bytes };
        self.budget.release(self.expected_cost(action), actual);
        self.totals.cpu_ms += u64::from(end.cpu_ms);
        let state = self.action_state_mut(action);
        if state.withdrawn == Some(digest) {
            state.withdrawn = None;
            return Vec::new();
        }
        (state.took_ms, state.cpu_ms) = (end.took_ms, end.cpu_ms);
        let outputs = match end.outcome {
            ExecutionOutcome::Succeeded(outputs) => Some(outputs),
            ExecutionOutcome::Failed => None,
            ExecutionOutcome::ContentElsewhere => return self.content_elsewhere(action, digest),
            ExecutionOutcome::NotExecuted => {
                if state.stage == ActionStage::InFlight(digest) {
                    self.set_stage(action, ActionStage::Preempted(digest));
                }
                return Vec::new();
            }
        };
        if state.joined == Some(digest) {
            self.totals.useful_cpu_ms += u64::from(end.cpu_ms);
            let invalidated = self.resolver.set_outputs(action, outputs, true);
            return self.predict(invalidated);
        }
        // The results of earlier predictions do not count.
        if state.stage != ActionStage::InFlight(digest) {
            return Vec::new();
        }
        self.execution_counts(action, digest, outputs.is_some(), end.cpu_ms);
        let invalidated = self.resolver.set_outputs(action, outputs, false);
        self.predict(invalidated)
    }

    /// An action could not be executed for want of contents. It is tried again when an action was answered whose output it
    /// reads.
    fn content_elsewhere(&mut self, action: ActionId, digest: Digest) -> Vec<PrimingEffect> {
        if self.action_state(action).stage != ActionStage::InFlight(digest) {
            return Vec::new();
        }
        self.set_stage(action, ActionStage::NotAdapted);
        self.action_state_mut(action).was_submitted = false;
        let invalidated = self.resolver.set_obstacle(action, Some(ImpossibleCause::ContentElsewhere));
        self.predict(invalidated)
    }

    /// The last prediction of an action was executed.
    fn execution_counts(&mut self, action: ActionId, digest: Digest, has_succeeded: bool, cpu_ms: u32) {
        if !has_succeeded {
            return self.end_action(action, Bucket::Failed);
        }
        self.set_stage(action, ActionStage::Executed(digest));
        if self.is_priming_run {
            self.stats.entry(self.resolver.element_of(action)).or_default().hits += 1;
            self.totals.useful_cpu_ms += u64::from(cpu_ms);
        }
    }

    /// The build requested an action. Returns the recorded actions in whose place it was predicted.
    pub fn action_requested(&mut self, digest: &Digest) -> Vec<ActionId> {
        let predicted: Vec<ActionId> = self.predicted.get(digest).into_iter().flatten().copied().collect();
        for &action in &predicted {
            let state = *self.action_state(action);
            let bucket = match state.stage {
                ActionStage::Executed(_) => {
                    self.totals.saved_ms += u64::from(state.took_ms);
                    self.totals.useful_cpu_ms += u64::from(state.cpu_ms);
                    Bucket::Used
                }
                ActionStage::InFlight(_) => {
                    self.action_state_mut(action).joined = Some(*digest);
                    Bucket::Joined
                }
                stage => Bucket::Skipped(stage.skip_cause(self.is_over_budget(action))),
            };
            let state = self.action_state_mut(action);
            (state.is_confirmed, state.requested) = (true, Some(*digest));
            self.stats.entry(self.resolver.element_of(action)).or_default().hits += 1;
            self.resolver.note_confirmed(action);
            self.end_action(action, bucket);
        }
        predicted
    }

    /// The build requested `digest` in the place of a recorded action, and its input root shows what inputs are now. That
    /// corrects the predictions of all actions that read these inputs. The recorded action ends, unless `digest` is what
    /// was predicted for it.
    pub fn request_observed(
        &mut self,
        action: ActionId,
        digest: Digest,
        observed: Vec<(InputId, Content)>,
    ) -> Vec<PrimingEffect> {
        let stage = self.action_state(action).stage;
        self.action_state_mut(action).requested.get_or_insert(digest);
        let prediction = self.resolver.prediction(action);
        let (mut effects, mut is_miss) = (Vec::new(), false);
        if !matches!(stage, ActionStage::Ended(_)) && stage.digest() != Some(digest) {
            is_miss = stage.digest().is_some();
            effects.extend(self.cancel(action));
            let is_unchanged = self.resolver.recorded(action).base == digest;
            let bucket = match (is_unchanged, self.action_state(action).was_submitted) {
                (_, true) => Bucket::Unused,
                (true, false) => Bucket::Unchanged,
                (false, false) => match prediction {
                    Prediction::Pending(facts) if stage == ActionStage::NotAdapted => {
                        let fact = facts.first().copied();
                        self.action_state_mut(action).waited_for = fact;
                        Bucket::Pending(fact.as_ref().map_or(PendingOn::Action, PendingOn::from))
                    }
                    // The prediction was wrong, so that the budget is not the cause.
                    _ => Bucket::Skipped(stage.skip_cause(false)),
                },
            };
            self.end_action(action, bucket);
        }
        let invalidated = self.resolver.set_observed(action, observed);
        let has_corrected = !self.not_ended(invalidated.clone()).is_empty();
        self.update_stats(self.resolver.element_of(action), is_miss, has_corrected);
        effects.extend(self.predict(invalidated));
        effects
    }

    /// Counts a request that was not predicted. If it corrected nothing, the policy decides again on the queued actions of
    /// the element.
    fn update_stats(&mut self, element: ElementId, is_miss: bool, has_corrected: bool) {
        let stats = self.stats.entry(element).or_default();
        if has_corrected {
            *stats = PredictionStats { hits: stats.hits + 1, misses: 0 };
        }
        if has_corrected || !is_miss {
            return;
        }
        stats.misses += 1;
        for action in self.resolver.actions_of(element) {
            if let ActionStage::Queued(digest, _) = self.action_state(action).stage {
                self.set_stage(action, ActionStage::Candidate(digest));
            }
        }
    }

    /// A request of the build in the place of a recorded action was answered with these outputs.
    pub fn action_answered(
        &mut self,
        action: ActionId,
        outputs: Vec<(String, Content)>,
    ) -> Vec<PrimingEffect> {
        let mut invalidated = self.resolver.set_outputs(action, Some(outputs), true);
        // Its outputs are here now, whether they are other ones or not.
        for reader in self.resolver.readers(action) {
            let kind = self.resolver.prediction_kind(reader);
            if kind == PredictionKind::Impossible(ImpossibleCause::ContentElsewhere) {
                invalidated.extend(self.resolver.set_obstacle(reader, None));
            }
        }
        self.predict(invalidated)
    }

    /// The build of an element ended, however it did: it requests nothing more, so that all its actions end.
    pub fn element_ended(&mut self, element: ElementId) -> Vec<PrimingEffect> {
        self.building.remove(&element);
        let mut effects = Vec::new();
        for action in self.resolver.actions_of(element) {
            if matches!(self.action_state(action).stage, ActionStage::Ended(_)) {
                continue;
            }
            let bucket = self.bucket(action);
            effects.extend(self.cancel(action));
            self.end_action(action, bucket);
        }
        effects
    }

    /// Predicts actions again.
    fn predict(&mut self, invalidated: Invalidated) -> Vec<PrimingEffect> {
        let mut effects = Vec::new();
        for action in self.not_ended(invalidated) {
            effects.extend(self.cancel(action));
            let state = self.action_state_mut(action);
            state.round += 1;
            let round = state.round;
            if self.resolver.prediction_kind(action) == PredictionKind::Adapted {
                self.set_stage(action, ActionStage::Adapting);
                let base = self.resolver.recorded(action).base;
                let adaptation = self.resolver.adaptation(action);
                effects.push(PrimingEffect::Adapt { action, round, base, adaptation });
            } else {
                self.set_stage(action, ActionStage::NotAdapted);
            }
        }
        effects.extend(self.resolver.needs_scan().then_some(PrimingEffect::Scan));
        effects
    }

    fn cancel(&self, action: ActionId) -> Option<PrimingEffect> {
        match self.action_state(action).stage {
            ActionStage::InFlight(digest) => Some(PrimingEffect::Cancel { action, digest }),
            _ => None,
        }
    }
}
