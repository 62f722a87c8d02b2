//! Has the policy decide again on what it submitted.

use spec_strategy::{Revision, SubmittedAction};

use super::action_stage::ActionStage;
use super::effect::PrimingEffect;
use super::state::PrimingState;
use crate::resolve::ActionId;

/// How often an action can be withdrawn from the workers in a session. A policy could change its mind for ever.
const MAX_WITHDRAWALS: u8 = 8;

impl PrimingState {
    /// How long submitted actions have been running, in milliseconds; those that wait for a worker are left out.
    pub fn set_running(&mut self, running: impl IntoIterator<Item = (ActionId, u32)>) {
        self.running = running.into_iter().collect();
    }

    /// Asks the policy about submitted actions, if it wants that and there are candidates that could take their place.
    pub(super) fn revise(&mut self) -> Vec<PrimingEffect> {
        if self.candidates.is_empty() || !self.policy.wants().revise || self.revised_for == Some(self.load())
        {
            return Vec::new();
        }
        let in_flight = self.in_flight.iter().copied();
        let can_change = |action: &ActionId| self.action_state(*action).withdrawals < MAX_WITHDRAWALS;
        let queued = self.queue.iter().map(|(_, action)| *action);
        let actions: Vec<ActionId> = queued.chain(in_flight.filter(can_change)).collect();
        let submitted: Vec<SubmittedAction> = actions.iter().map(|action| self.submitted(*action)).collect();
        let revisions = self.policy.revise(&submitted, &self.load(), self);
        let effects = actions.into_iter().zip(revisions);
        let effects = effects.filter_map(|(action, revision)| self.apply(action, revision)).collect();
        self.revised_for = Some(self.load());
        effects
    }

    fn submitted(&self, action: ActionId) -> SubmittedAction {
        let (priority, running_ms) = (self.action_state(action).priority, self.running.get(&action).copied());
        SubmittedAction { action: action.0, priority, running_ms }
    }

    fn apply(&mut self, action: ActionId, revision: Revision) -> Option<PrimingEffect> {
        let state = *self.action_state(action);
        let stage = match (state.stage, revision) {
            (ActionStage::Queued(digest, _), Revision::Reprioritise { priority }) => {
                ActionStage::Queued(digest, priority)
            }
            (ActionStage::InFlight(digest), Revision::Reprioritise { priority })
                if priority != state.priority && !self.running.contains_key(&action) =>
            {
                ActionStage::Queued(digest, priority)
            }
            (ActionStage::Queued(digest, _) | ActionStage::InFlight(digest), Revision::Cancel) => {
                ActionStage::Candidate(digest)
            }
            _ => return None,
        };
        self.set_stage(action, stage);
        let ActionStage::InFlight(digest) = state.stage else { return None };
        let state = self.action_state_mut(action);
        (state.withdrawn, state.withdrawals) = (Some(digest), state.withdrawals + 1);
        Some(PrimingEffect::Cancel { action, digest })
    }
}
