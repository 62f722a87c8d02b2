//! Decides which candidates are submitted.

use spec_strategy::{Candidate, Decision, LastDecision, PrimingLoad};

use super::action_stage::ActionStage;
use super::effect::PrimingEffect;
use super::state::PrimingState;
use crate::guarded_policy::batch;
use crate::resolve::ActionId;

/// The policy decides on this many candidates at a time.
const BATCH: usize = 1000;

/// The most urgent priority of primed actions for the executor. Requests of the build have 0.
const FIRST_PRIORITY: i32 = 1;

impl PrimingState {
    /// Tells the policies the outcomes of actions, has the priming policy decide again on submitted actions and then on
    /// candidates, submits the most urgent ones that the budget allows, and cancels what is in flight if the budget is
    /// exceeded. The owner calls it after it has carried out all
    /// other effects, so that the policy sees candidates side by side. The policy decides again only after a change.
    pub fn admit(&mut self) -> Vec<PrimingEffect> {
        self.report_outcomes();
        let mut effects = self.cancel_over_budget();
        effects.extend(self.revise());
        // Before the queue: a new candidate may be more urgent than everything in it.
        if self.free_slots() > 0 && self.decided_for != Some(self.load()) {
            let candidates: Vec<ActionId> = self.candidates.iter().copied().collect();
            for candidates in candidates.chunks(batch(self.policy.wants().largest_batch).min(BATCH)) {
                self.decide(candidates);
                effects.extend(self.submit_queued());
            }
            self.decided_for = Some(self.load());
        }
        effects.extend(self.submit_queued());
        effects
    }

    /// Cancels all actions in flight that no request of the build joined, if they exceed the budget.
    fn cancel_over_budget(&mut self) -> Vec<PrimingEffect> {
        if !self.budget.is_exceeded() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for action in self.in_flight.clone() {
            if let ActionStage::InFlight(digest) = self.action_state(action).stage {
                self.set_stage(action, ActionStage::Candidate(digest));
                effects.push(PrimingEffect::Cancel { action, digest });
            }
        }
        effects
    }

    fn submit_queued(&mut self) -> Vec<PrimingEffect> {
        let mut effects = Vec::new();
        while let Some((priority, action)) = self.next_queued() {
            let ActionStage::Queued(digest, _) = self.action_state(action).stage else { break };
            self.budget.reserve(self.expected_cost(action));
            self.set_stage(action, ActionStage::InFlight(digest));
            self.action_state_mut(action).was_submitted = true;
            self.totals.sent += 1;
            let priority = FIRST_PRIORITY + i32::from(priority);
            effects.push(PrimingEffect::Submit { action, digest, priority });
        }
        effects
    }

    /// How many more actions may be submitted now.
    fn free_slots(&self) -> u32 {
        self.idle_slots().saturating_add(self.soon_requested().count() as u32).min(self.budgeted_slots())
    }

    /// As many as there are workers without a requested action, and a few more, so that no worker waits for the next
    /// submission. The rest waits here, where more urgent candidates can still go before it.
    fn idle_slots(&self) -> u32 {
        let wanted = match self.slots {
            0 => u32::MAX,
            slots => slots.saturating_sub(self.requested) + slots.div_ceil(8),
        };
        wanted.saturating_sub(self.budget.in_flight())
    }

    fn budgeted_slots(&self) -> u32 {
        self.budget.free_slots(self.slots)
    }

    /// What builds that have begun are going to request, and nobody has submitted. Workers on other machines get it even if
    /// none is idle: its inputs are there when the request comes, which goes before what is only primed.
    fn soon_requested(&self) -> impl Iterator<Item = ActionId> {
        let building = self.building.iter().filter(|_| self.elsewhere);
        building.flat_map(|element| self.resolver.actions_of(*element)).filter(|action| {
            matches!(self.action_state(*action).stage, ActionStage::Candidate(_) | ActionStage::Queued(..))
        })
    }

    /// The queued action that is submitted next, if there is one that may be submitted now.
    fn next_queued(&self) -> Option<(u16, ActionId)> {
        if self.queue.is_empty() || self.budgeted_slots() == 0 {
            return None;
        }
        if self.idle_slots() > 0 {
            return self.queue.iter().copied().find(|(_, action)| self.can_go(*action));
        }
        let queued = |action| match self.action_state(action).stage {
            ActionStage::Queued(_, priority) => Some((priority, action)),
            _ => None,
        };
        self.soon_requested().filter_map(queued).filter(|(_, action)| self.can_go(*action)).min()
    }

    /// Whether the budget allows an action. One that was withdrawn waits until the workers have let it go.
    fn can_go(&self, action: ActionId) -> bool {
        self.action_state(action).withdrawn.is_none() && !self.is_over_budget(action)
    }

    fn decide(&mut self, batch: &[ActionId]) {
        let candidates: Vec<Candidate> = batch.iter().map(|action| self.candidate(*action)).collect();
        let decisions = self.policy.decide(&candidates, &self.load(), self);
        for (&action, decision) in batch.iter().zip(decisions) {
            let ActionStage::Candidate(digest) = self.action_state(action).stage else { continue };
            let (decision, stage) = match decision {
                Decision::Submit { priority } => {
                    (LastDecision::Submitted, ActionStage::Queued(digest, priority))
                }
                Decision::Hold => (LastDecision::Held, ActionStage::Candidate(digest)),
                Decision::Skip(reason) => (LastDecision::Skipped, ActionStage::Skipped(digest, reason)),
            };
            self.action_state_mut(action).decision = Some(decision);
            if decision != LastDecision::Held {
                self.set_stage(action, stage);
            }
        }
    }

    fn candidate(&self, action: ActionId) -> Candidate {
        let element = self.resolver.element_of(action);
        let recorded = self.resolver.recorded(action);
        let path = self.critical_paths[action.0 as usize];
        let stats = self.stats.get(&element).copied().unwrap_or_default();
        let known = |ms: u32| (ms > 0).then_some(ms);
        Candidate {
            action: action.0,
            element: element.0,
            program: self.programs[action.0 as usize],
            run_ms: known(recorded.took_ms),
            cpu_ms: known(recorded.cpu_ms),
            hits: recorded.hits,
            misses: recorded.misses,
            element_hits: stats.hits,
            element_misses: stats.misses,
            fan_out: path.fan_out,
            critical_ms: path.critical_ms,
            distance: self.before.get(&element).map_or(0, |before| before.len() as u32),
        }
    }

    pub(super) fn load(&self) -> PrimingLoad {
        let (cpu_left_ms, bytes_left) = self.budget.limited();
        PrimingLoad {
            slots: (self.slots > 0).then_some(self.slots),
            requested: self.requested,
            primed: self.budget.in_flight(),
            submitted: u32::try_from(self.totals.sent).unwrap_or(u32::MAX),
            hits: self.stats.values().map(|stats| stats.hits).sum(),
            free: self.free_slots(),
            cpu_left_ms,
            bytes_left,
        }
    }
}
