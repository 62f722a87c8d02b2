//! Which candidates are sent.

use spec_strategy::{Candidate, Decision, Machine};

use super::Command;
use super::board::Board;
use super::stage::Stage;
use crate::resolve::ActionId;

/// The policy is asked about as many candidates at a time.
const BATCH: usize = 1000;

/// Between this and the priority of real requests there is nothing.
const FIRST: i32 = 1;

impl Board {
    /// Tells the policy what became of actions, asks it about candidates, and sends what is most urgent while the
    /// budget lasts. To be called when all that happened was followed, so that candidates are seen side by side. It
    /// asks nothing again as long as nothing changed.
    pub fn admit(&mut self) -> Vec<Command> {
        self.report();
        let mut commands = Vec::new();
        // First: a new candidate may be more urgent than all that are queued.
        if self.free() > 0 && self.asked != Some(self.machine()) {
            let open: Vec<ActionId> = self.candidates.iter().copied().collect();
            for batch in open.chunks(BATCH) {
                self.decide(batch);
                commands.extend(self.send());
            }
            self.asked = Some(self.machine());
        }
        commands.extend(self.send());
        commands
    }

    fn send(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        while self.free() > 0 {
            let Some((priority, action)) = self.next() else { break };
            let Stage::Queued(digest, _) = self.track(action).stage else { break };
            self.purse.take_off(self.resolver.recorded(action).cpu_ms);
            self.go(action, Stage::Flying(digest));
            self.tracks[action.0 as usize].sent = true;
            self.account.sent += 1;
            commands.push(Command::Submit { action, digest, priority: FIRST + i32::from(priority) });
        }
        commands
    }

    /// How many more may be sent now: so many that hardly any waits for a worker, and what becomes known last may go
    /// first; and a few more, so that no worker waits for us.
    fn free(&self) -> u32 {
        let wanted = match self.slots {
            0 => u32::MAX,
            slots => slots.saturating_sub(self.real) + slots.div_ceil(8),
        };
        wanted.saturating_sub(self.purse.flying()).min(self.purse.free())
    }

    /// The most urgent action that the budget allows.
    fn next(&self) -> Option<(u16, ActionId)> {
        let affordable = |action: &ActionId| self.purse.affords(self.resolver.recorded(*action).cpu_ms);
        self.queue.iter().find(|(_, action)| affordable(action)).copied()
    }

    fn decide(&mut self, batch: &[ActionId]) {
        let candidates: Vec<Candidate> = batch.iter().map(|action| self.candidate(*action)).collect();
        let decisions = self.policy.decide(&candidates, &self.machine());
        for (&action, decision) in batch.iter().zip(decisions) {
            let Stage::Candidate(digest) = self.track(action).stage else { continue };
            match decision {
                Decision::Submit { priority } => self.go(action, Stage::Queued(digest, priority)),
                Decision::Hold => {}
                Decision::Skip(why) => self.go(action, Stage::Skipped(digest, why)),
            }
        }
    }

    fn candidate(&self, action: ActionId) -> Candidate {
        let element = self.resolver.element_of(action);
        let recorded = self.resolver.recorded(action);
        let chain = self.chains[action.0 as usize];
        let standing = self.standings.get(&element).copied().unwrap_or_default();
        Candidate {
            action: action.0,
            element: element.0,
            program: self.programs[action.0 as usize],
            took_ms: recorded.took_ms,
            cpu_ms: recorded.cpu_ms,
            hits: recorded.hits,
            misses: recorded.misses,
            element_hits: standing.hits,
            element_misses: standing.misses,
            fan_out: chain.fan_out,
            critical_ms: chain.critical_ms,
            distance: self.before.get(&element).map_or(0, |before| before.len() as u32),
        }
    }

    fn machine(&self) -> Machine {
        Machine {
            slots: self.slots,
            real: self.real,
            primed: self.purse.flying(),
            sent: u32::try_from(self.account.sent).unwrap_or(u32::MAX),
            hits: self.standings.values().map(|standing| standing.hits).sum(),
            free: self.free(),
            cpu_left_ms: self.purse.cpu_left_ms(),
            bytes_left: self.purse.bytes_left(),
        }
    }
}
