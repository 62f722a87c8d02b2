//! The state of priming in a session.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use spec_model::Digest;
use spec_strategy::{LastDecision, Observation, Outcome, PrimingLoad};

use super::action_stage::ActionStage;
use super::budget::{Budget, BudgetTracker, Cost};
use super::critical_path::{CriticalPath, critical_paths};
use crate::accounting::{Bucket, PredictionResult, SkipCause, SpeculationTotals};
use crate::expanded_record::ExpandedRecord;
use crate::guarded_policy::GuardedPrimingPolicy;
use crate::misses::Miss;
use crate::resolve::{ActionId, ElementId, Fact, Invalidated, Resolver};

/// Which actions of a session are predicted, submitted and executed.
#[derive(Debug)]
pub struct PrimingState {
    pub(super) resolver: Resolver,
    pub(super) policy: GuardedPrimingPolicy,
    pub(super) budget: BudgetTracker,
    /// The number of workers; 0 if it is not known.
    pub(super) slots: u32,
    /// Requested actions that run or wait.
    pub(super) requested: u32,
    /// Whether the workers are on other machines.
    pub(super) elsewhere: bool,
    /// The elements whose builds have begun, and have not ended.
    pub(super) building: BTreeSet<ElementId>,
    pub(super) actions: Vec<ActionState>,
    pub(super) stats: HashMap<ElementId, PredictionStats>,
    pub(super) critical_paths: Vec<CriticalPath>,
    /// The actions whose stage is `Candidate`.
    pub(super) candidates: BTreeSet<ActionId>,
    /// The actions whose stage is `Queued`, the most urgent first.
    pub(super) queue: BTreeSet<(u16, ActionId)>,
    /// The actions whose stage is `InFlight`.
    pub(super) in_flight: BTreeSet<ActionId>,
    /// How long actions in flight have been running, in milliseconds; those that wait for a worker are left out.
    pub(super) running: HashMap<ActionId, u32>,
    /// The actions in a stage with a digest, by that; several may have the same.
    pub(super) predicted: HashMap<Digest, BTreeSet<ActionId>>,
    /// The actions by element and command, recorded and predicted.
    pub(super) by_command: HashMap<(ElementId, Digest), Vec<ActionId>>,
    /// The number of the program of each action.
    pub(super) programs: Vec<u32>,
    pub(super) program_names: HashMap<u32, Arc<str>>,
    /// The elements that are built before each element.
    pub(super) before: HashMap<ElementId, Vec<ElementId>>,
    /// Outcomes that the policy has not been told yet.
    pub(super) outcomes: Vec<Observation>,
    /// The load when the policy decided last; `None` when there are new candidates since.
    pub(super) decided_for: Option<PrimingLoad>,
    /// The load when the policy decided last on submitted actions; `None` when there are new candidates since.
    pub(super) revised_for: Option<PrimingLoad>,
    pub(super) totals: SpeculationTotals,
    /// Whether the session builds nothing, so that no build requests what is primed.
    pub(super) is_priming_run: bool,
}

/// The record of an element that is going to be built.
#[derive(Clone, Debug)]
pub struct SessionRecord {
    /// The record.
    pub record: Arc<ExpandedRecord>,
    /// All elements that are staged for the build.
    pub closure: Vec<ElementId>,
    /// Those of them that are going to be built.
    pub before: Vec<ElementId>,
}

/// The state of one action.
#[derive(Clone, Copy, Debug)]
pub(super) struct ActionState {
    pub(super) stage: ActionStage,
    /// The number of the current prediction.
    pub(super) round: u32,
    /// Whether any prediction of it was submitted.
    pub(super) was_submitted: bool,
    /// The last decision of the policy on the last prediction.
    pub(super) decision: Option<LastDecision>,
    /// The priority with which the policy submitted it last.
    pub(super) priority: u16,
    /// What the policy withdrew from the workers, until its end is told.
    pub(super) withdrawn: Option<Digest>,
    pub(super) withdrawals: u8,
    /// The last prediction.
    pub(super) predicted: Option<Digest>,
    /// Whether the build requested the last prediction.
    pub(super) is_confirmed: bool,
    /// What the build requested in its place, when that was not predicted.
    pub(super) requested: Option<Digest>,
    /// What the prediction waited for when the build requested it.
    pub(super) waited_for: Option<Fact>,
    /// The execution in flight that a request of the build joined.
    pub(super) joined: Option<Digest>,
    /// The duration and the CPU time of its last execution.
    pub(super) took_ms: u32,
    pub(super) cpu_ms: u32,
}

/// How well the actions of an element are predicted in this session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PredictionStats {
    /// Requests that were predicted, or that corrected other predictions.
    pub(super) hits: u32,
    /// Requests since the last correction that were neither.
    pub(super) misses: u32,
}

impl ActionState {
    const NEW: Self = Self {
        stage: ActionStage::NotAdapted,
        round: 0,
        was_submitted: false,
        decision: None,
        priority: 0,
        withdrawn: None,
        withdrawals: 0,
        predicted: None,
        is_confirmed: false,
        requested: None,
        waited_for: None,
        joined: None,
        took_ms: 0,
        cpu_ms: 0,
    };
}

impl PrimingState {
    /// The state of a session, all of whose records are registered in `resolver`. `before` has the elements that are built
    /// before each element.
    #[must_use]
    pub fn new(
        resolver: Resolver,
        policy: GuardedPrimingPolicy,
        budget: Budget,
        before: HashMap<ElementId, Vec<ElementId>>,
    ) -> Self {
        let mut state = Self {
            actions: Vec::new(),
            stats: HashMap::new(),
            critical_paths: Vec::new(),
            policy,
            budget: BudgetTracker::new(budget),
            slots: 0,
            requested: 0,
            elsewhere: false,
            building: BTreeSet::new(),
            candidates: BTreeSet::new(),
            queue: BTreeSet::new(),
            in_flight: BTreeSet::new(),
            running: HashMap::new(),
            predicted: HashMap::new(),
            by_command: HashMap::new(),
            programs: Vec::new(),
            program_names: HashMap::new(),
            resolver,
            before,
            outcomes: Vec::new(),
            decided_for: None,
            revised_for: None,
            totals: SpeculationTotals::default(),
            is_priming_run: false,
        };
        state.index_new_actions(ActionId(0));
        state
    }

    /// Gives the actions from `first` on their states, and updates what follows from all actions.
    pub(super) fn index_new_actions(&mut self, first: ActionId) -> Vec<ActionId> {
        let new: Vec<ActionId> = self.resolver.actions().skip(first.0 as usize).collect();
        for &action in &new {
            let expanded = self.resolver.expanded_action(action);
            self.actions.push(ActionState::NEW);
            let program = program_number(expanded.map_or("", |expanded| &expanded.program));
            self.programs.push(program);
            if let Some(expanded) = expanded {
                self.program_names.entry(program).or_insert_with(|| Arc::clone(&expanded.program));
                let key = (self.resolver.element_of(action), expanded.command);
                self.by_command.entry(key).or_default().push(action);
            }
        }
        self.critical_paths = critical_paths(&self.resolver, &self.before);
        new
    }

    /// For a session that builds nothing: no build confirms predictions, so a primed action that succeeds counts as one
    /// that was predicted rightly.
    #[must_use]
    pub fn for_priming_run(mut self) -> Self {
        self.is_priming_run = true;
        self
    }

    /// The recorded action in whose place an element requests an action with this command. `None` when several recorded
    /// actions have the command, such as `gcc -c conftest.c` of configure.
    #[must_use]
    pub fn recorded_action_for(&self, element: ElementId, command: &Digest) -> Option<ActionId> {
        match self.by_command.get(&(element, *command))?[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The predictions, and the facts that they depend on.
    #[must_use]
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// The bucket of an action if its element ended now.
    #[must_use]
    pub fn bucket(&self, action: ActionId) -> Bucket {
        let (state, prediction) = (self.action_state(action), self.resolver.prediction(action));
        match state.stage.bucket(&prediction, self.is_over_budget(action)) {
            Bucket::Unused if self.is_priming_run && matches!(state.stage, ActionStage::Executed(_)) => {
                Bucket::Ready
            }
            // An earlier prediction was executed for nothing.
            preempted @ Bucket::Skipped(SkipCause::Preempted) => preempted,
            Bucket::Skipped(_) | Bucket::Pending(_) | Bucket::Impossible(_) | Bucket::Unchanged
                if state.was_submitted =>
            {
                Bucket::Unused
            }
            bucket => bucket,
        }
    }

    /// Whether the build requested what was predicted last for an action; `None` when nothing was predicted.
    #[must_use]
    pub fn is_confirmed(&self, action: ActionId) -> Option<bool> {
        let state = self.action_state(action);
        state.predicted.map(|_| state.is_confirmed)
    }

    /// What came of the predictions for the actions of an element, for its next record.
    #[must_use]
    pub fn prediction_results(&self, element: ElementId) -> Vec<PredictionResult> {
        let result = |action| PredictionResult {
            base: self.resolver.recorded(action).base,
            confirmed: self.is_confirmed(action),
        };
        self.resolver.actions_of(element).map(result).collect()
    }

    /// The recorded actions of an element whose results were not in the action cache when the build requested them, or
    /// that it did not request.
    #[must_use]
    pub fn misses(&self, element: ElementId) -> Vec<Miss> {
        let miss = |action| {
            let (state, bucket) = (self.action_state(action), self.bucket(action));
            let (predicted, requested) = (state.predicted, state.requested);
            let recorded = self.resolver.recorded(action).base;
            let bucket = bucket.is_miss().then(|| bucket.name().into_owned())?;
            let waited_for = state.waited_for.map(|fact| self.resolver.describe(fact));
            Some(Miss { recorded, predicted, requested, bucket, waited_for })
        };
        self.resolver.actions_of(element).filter_map(miss).collect()
    }

    /// The totals of the session, with every action in exactly one bucket. Tells the policy the last outcomes.
    pub fn totals(&mut self) -> SpeculationTotals {
        self.report_outcomes();
        let mut totals = self.totals.clone();
        for action in self.resolver.actions() {
            *totals.buckets.entry(self.bucket(action)).or_default() += 1;
        }
        totals
    }

    pub(super) fn action_state(&self, action: ActionId) -> &ActionState {
        &self.actions[action.0 as usize]
    }

    pub(super) fn action_state_mut(&mut self, action: ActionId) -> &mut ActionState {
        &mut self.actions[action.0 as usize]
    }

    /// What an action is expected to cost, as recorded.
    pub(super) fn expected_cost(&self, action: ActionId) -> Cost {
        let recorded = self.resolver.recorded(action);
        let bytes = recorded.outputs.iter().map(|output| output.digest.size()).sum();
        Cost { cpu_ms: recorded.cpu_ms.into(), bytes }
    }

    pub(super) fn is_over_budget(&self, action: ActionId) -> bool {
        !self.budget.allows(self.expected_cost(action))
    }

    /// Moves an action to another stage, and updates the indices.
    pub(super) fn set_stage(&mut self, action: ActionId, stage: ActionStage) {
        let old = std::mem::replace(&mut self.action_state_mut(action).stage, stage);
        match old {
            ActionStage::Candidate(_) => _ = self.candidates.remove(&action),
            ActionStage::Queued(_, priority) => _ = self.queue.remove(&(priority, action)),
            ActionStage::InFlight(_) => _ = self.in_flight.remove(&action),
            _ => {}
        }
        match stage {
            ActionStage::Candidate(_) => {
                self.candidates.insert(action);
                (self.decided_for, self.revised_for) = (None, None);
            }
            ActionStage::Queued(_, priority) => {
                self.queue.insert((priority, action));
                self.action_state_mut(action).priority = priority;
            }
            ActionStage::InFlight(_) => _ = self.in_flight.insert(action),
            _ => {}
        }
        if old.digest() == stage.digest() {
            return;
        }
        if let Some(digest) = old.digest()
            && let Some(actions) = self.predicted.get_mut(&digest)
        {
            actions.remove(&action);
        }
        if let Some(digest) = stage.digest() {
            self.predicted.entry(digest).or_default().insert(action);
        }
    }

    /// Puts an action into its final bucket. The policy is told later if it was submitted, or if the policy wants to be told
    /// of all.
    pub(super) fn end_action(&mut self, action: ActionId, bucket: Bucket) {
        self.set_stage(action, ActionStage::Ended(bucket));
        let state = *self.action_state(action);
        let decision = match state.decision {
            _ if state.was_submitted => LastDecision::Submitted,
            Some(decision) if self.policy.wants().observe_all => decision,
            _ => return,
        };
        let outcome = match self.bucket(action) {
            Bucket::Used => Outcome::Used,
            Bucket::Joined => Outcome::Joined,
            Bucket::Failed => Outcome::Failed,
            Bucket::Skipped(_) if state.is_confirmed && decision == LastDecision::Submitted => {
                Outcome::Overtaken
            }
            _ if state.is_confirmed && !state.was_submitted => Outcome::Used,
            _ => Outcome::Unused,
        };
        let known = |ms: u32| (ms > 0).then_some(ms);
        let (run_ms, cpu_ms) = (known(state.took_ms), known(state.cpu_ms));
        self.outcomes.push(Observation { action: action.0, decision, outcome, run_ms, cpu_ms });
    }

    /// Tells the policies what became of their decisions.
    pub(super) fn report_outcomes(&mut self) {
        self.resolver.report_choices();
        if !self.outcomes.is_empty() {
            let outcomes = std::mem::take(&mut self.outcomes);
            self.policy.observe(&outcomes, self);
        }
    }

    /// The actions among `actions` that have not ended.
    pub(super) fn not_ended(&self, actions: Invalidated) -> Vec<ActionId> {
        let is_open = |action: &ActionId| !matches!(self.action_state(*action).stage, ActionStage::Ended(_));
        actions.into_iter().filter(is_open).collect()
    }
}

/// The number of a program, which is the same in every session, so that policies can keep statistics.
fn program_number(name: &str) -> u32 {
    let [a, b, c, d, ..] = *Digest::of(name.as_bytes()).hash();
    u32::from_le_bytes([a, b, c, d])
}
