//! Decides which candidates are submitted.

use spec_strategy::{Candidate, Decision, Machine};

use super::action_stage::ActionStage;
use super::effect::PrimingEffect;
use super::state::PrimingState;
use crate::resolve::ActionId;

/// The policy decides on this many candidates at a time.
const BATCH: usize = 1000;

/// The most urgent priority of primed actions for the executor. Requests of the build have 0.
const FIRST_PRIORITY: i32 = 1;

impl PrimingState {
    /// Tells the policy the outcomes of actions, has it decide on candidates, submits the most urgent ones that the budget
    /// allows, and cancels what is in flight if the budget is exceeded. The owner calls it after it has carried out all
    /// other effects, so that the policy sees candidates side by side. The policy decides again only after a change.
    pub fn admit(&mut self) -> Vec<PrimingEffect> {
        self.report_outcomes();
        let mut effects = self.cancel_over_budget();
        // Before the queue: a new candidate may be more urgent than everything in it.
        if self.free_slots() > 0 && self.decided_for != Some(self.machine()) {
            let candidates: Vec<ActionId> = self.candidates.iter().copied().collect();
            for batch in candidates.chunks(BATCH) {
                self.decide(batch);
                effects.extend(self.submit_queued());
            }
            self.decided_for = Some(self.machine());
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
        for action in self.resolver.actions() {
            if let ActionStage::InFlight(digest) = self.action_state(action).stage {
                self.set_stage(action, ActionStage::Candidate(digest));
                effects.push(PrimingEffect::Cancel { action, digest });
            }
        }
        effects
    }

    fn submit_queued(&mut self) -> Vec<PrimingEffect> {
        let mut effects = Vec::new();
        while self.free_slots() > 0 {
            let Some((priority, action)) = self.most_urgent() else { break };
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

    /// How many more actions may be submitted now: as many as there are workers without a requested action, and a few
    /// more, so that no worker waits for the next submission. The rest waits here, where more urgent candidates can still
    /// go before it.
    fn free_slots(&self) -> u32 {
        let wanted = match self.slots {
            0 => u32::MAX,
            slots => slots.saturating_sub(self.requested) + slots.div_ceil(8),
        };
        wanted.saturating_sub(self.budget.in_flight()).min(self.budget.free_slots(self.slots))
    }

    /// The most urgent queued action that the budget allows.
    fn most_urgent(&self) -> Option<(u16, ActionId)> {
        self.queue.iter().find(|(_, action)| !self.is_over_budget(*action)).copied()
    }

    fn decide(&mut self, batch: &[ActionId]) {
        let candidates: Vec<Candidate> = batch.iter().map(|action| self.candidate(*action)).collect();
        let decisions = self.policy.decide(&candidates, &self.machine());
        for (&action, decision) in batch.iter().zip(decisions) {
            let ActionStage::Candidate(digest) = self.action_state(action).stage else { continue };
            match decision {
                Decision::Submit { priority } => {
                    self.set_stage(action, ActionStage::Queued(digest, priority));
                }
                Decision::Hold => {}
                Decision::Skip(reason) => self.set_stage(action, ActionStage::Skipped(digest, reason)),
            }
        }
    }

    fn candidate(&self, action: ActionId) -> Candidate {
        let element = self.resolver.element_of(action);
        let recorded = self.resolver.recorded(action);
        let path = self.critical_paths[action.0 as usize];
        let stats = self.stats.get(&element).copied().unwrap_or_default();
        Candidate {
            action: action.0,
            element: element.0,
            program: self.programs[action.0 as usize],
            took_ms: recorded.took_ms,
            cpu_ms: recorded.cpu_ms,
            hits: recorded.hits,
            misses: recorded.misses,
            element_hits: stats.hits,
            element_misses: stats.misses,
            fan_out: path.fan_out,
            critical_ms: path.critical_ms,
            distance: self.before.get(&element).map_or(0, |before| before.len() as u32),
        }
    }

    fn machine(&self) -> Machine {
        Machine {
            slots: self.slots,
            real: self.requested,
            primed: self.budget.in_flight(),
            sent: u32::try_from(self.totals.sent).unwrap_or(u32::MAX),
            hits: self.stats.values().map(|stats| stats.hits).sum(),
            free: self.free_slots(),
            cpu_left_ms: self.budget.cpu_left_ms(),
            bytes_left: self.budget.bytes_left(),
        }
    }
}
