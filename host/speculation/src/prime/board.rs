//! The state of priming.

use std::collections::{BTreeSet, HashMap};

use spec_model::Digest;
use spec_strategy::{Machine, Observation, Outcome};

use super::Budget;
use super::budget::Purse;
use super::chains::Chain;
use super::stage::Stage;
use crate::account::{Account, Bucket};
use crate::misses::Miss;
use crate::policy::PrimingSlot;
use crate::resolve::{ActionId, ElementId, Resolver, Woken};

/// The one owner of what a session predicts and primes.
#[derive(Debug)]
pub struct Board {
    pub(super) resolver: Resolver,
    pub(super) policy: PrimingSlot,
    pub(super) purse: Purse,
    /// Actions that can run at a time; 0 if that is not known.
    pub(super) slots: u32,
    /// Actions that run or wait and are not primed.
    pub(super) real: u32,
    pub(super) tracks: Vec<Track>,
    /// How well the actions of elements are predicted in this session.
    pub(super) standings: HashMap<ElementId, Standing>,
    pub(super) chains: Vec<Chain>,
    /// Actions whose stage is a candidate's.
    pub(super) candidates: BTreeSet<ActionId>,
    /// Actions to be sent, the most urgent first.
    pub(super) queue: BTreeSet<(u16, ActionId)>,
    /// Predicted actions by their digest; one may be predicted for several recorded ones.
    pub(super) predicted: HashMap<Digest, BTreeSet<ActionId>>,
    /// Actions by element and command, recorded and predicted: a real request is compared with one of them.
    pub(super) commands: HashMap<(ElementId, Digest), Vec<ActionId>>,
    /// Of every action, the number of its program.
    pub(super) programs: Vec<u32>,
    /// Elements that are built before each.
    pub(super) before: HashMap<ElementId, Vec<ElementId>>,
    /// What the policy has not been told of yet.
    pub(super) outcomes: Vec<Observation>,
    /// The machine at the last question; `None` when there are candidates that the policy was not asked about.
    pub(super) asked: Option<Machine>,
    pub(super) account: Account,
}

/// One action on the board.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    pub(super) stage: Stage,
    /// Raised with every change of the prediction.
    pub(super) round: u32,
    /// Sent at least once, so that it counts as primed whatever is predicted since.
    pub(super) sent: bool,
    /// What was predicted last.
    pub(super) predicted: Option<Digest>,
    /// Whether that was asked for.
    pub(super) right: bool,
    /// What was asked for in its place, when that was not predicted.
    pub(super) requested: Option<Digest>,
    /// The execution that a real request joined.
    pub(super) joined: Option<Digest>,
    /// What its last execution took.
    pub(super) took_ms: u32,
    pub(super) cpu_ms: u32,
}

/// How well the actions of an element are predicted in this session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Requests that were predicted, or taught us to predict others.
    pub(super) hits: u32,
    /// Those that did neither, since the last one that taught something.
    pub(super) misses: u32,
}

impl Track {
    fn new() -> Self {
        let (predicted, requested, joined) = (None, None, None);
        Self {
            stage: Stage::Watched,
            round: 0,
            sent: false,
            right: false,
            predicted,
            requested,
            joined,
            took_ms: 0,
            cpu_ms: 0,
        }
    }
}

impl Board {
    /// The board of a session: its records are in `resolver`, all of them. `before` are the elements that are built
    /// before each element.
    #[must_use]
    pub fn new(
        resolver: Resolver,
        policy: PrimingSlot,
        budget: Budget,
        before: HashMap<ElementId, Vec<ElementId>>,
    ) -> Self {
        let track = Track::new();
        Self {
            tracks: vec![track; resolver.actions().count()],
            standings: HashMap::new(),
            chains: super::chains::chains(&resolver, &before),
            policy,
            purse: Purse::new(budget),
            slots: 0,
            real: 0,
            candidates: BTreeSet::new(),
            queue: BTreeSet::new(),
            predicted: HashMap::new(),
            commands: commands(&resolver),
            programs: programs(&resolver),
            resolver,
            before,
            outcomes: Vec::new(),
            asked: None,
            account: Account::default(),
        }
    }

    /// The recorded action that a real request of an element is the present form of: the only one with its command.
    /// Where several have the same, as `gcc -c conftest.c` of configure, a request says nothing of any of them.
    #[must_use]
    pub fn counterpart(&self, element: ElementId, command: &Digest) -> Option<ActionId> {
        match self.commands.get(&(element, *command))?[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// What is known and what is waited for.
    #[must_use]
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// Where an action would end if its element ended now.
    #[must_use]
    pub fn bucket(&self, action: ActionId) -> Bucket {
        let (track, verdict) = (self.track(action), self.resolver.verdict(action));
        let broke = !self.purse.affords(self.resolver.recorded(action).cpu_ms);
        match track.stage.bucket(&verdict, broke) {
            // It was executed for nothing, whatever was predicted afterwards.
            Bucket::Skipped(_) | Bucket::Pending(_) | Bucket::Impossible(_) | Bucket::Unchanged
                if track.sent =>
            {
                Bucket::Unused
            }
            bucket => bucket,
        }
    }

    /// Whether what was predicted for the actions of an element was asked for, by base action: what its next record
    /// remembers. `None` where nothing was predicted.
    #[must_use]
    pub fn ends(&self, element: ElementId) -> Vec<(Digest, Option<bool>)> {
        let end = |action| {
            let track = self.track(action);
            (self.resolver.recorded(action).base, track.predicted.map(|_| track.right))
        };
        self.resolver.actions_of(element).map(end).collect()
    }

    /// The recorded actions of an element whose present form was not there when it was asked for, or was not asked for.
    #[must_use]
    pub fn misses(&self, element: ElementId) -> Vec<Miss> {
        let miss = |action| {
            let (track, bucket) = (self.track(action), self.bucket(action));
            let (predicted, requested) = (track.predicted, track.requested);
            let recorded = self.resolver.recorded(action).base;
            bucket.is_miss().then(|| Miss { recorded, predicted, requested, end: bucket.as_str().to_owned() })
        };
        self.resolver.actions_of(element).filter_map(miss).collect()
    }

    /// Ends the session: every action is in exactly one bucket, and the policy has heard of all that were sent.
    pub fn account(&mut self) -> Account {
        self.report();
        let mut account = self.account.clone();
        for action in self.resolver.actions() {
            *account.buckets.entry(self.bucket(action)).or_default() += 1;
        }
        account
    }

    pub(super) fn track(&self, action: ActionId) -> &Track {
        &self.tracks[action.0 as usize]
    }

    /// Moves an action to another stage, keeping the indices in step.
    pub(super) fn go(&mut self, action: ActionId, stage: Stage) {
        let old = std::mem::replace(&mut self.tracks[action.0 as usize].stage, stage);
        match old {
            Stage::Candidate(_) => _ = self.candidates.remove(&action),
            Stage::Queued(_, priority) => _ = self.queue.remove(&(priority, action)),
            _ => {}
        }
        match stage {
            Stage::Candidate(_) => {
                self.candidates.insert(action);
                self.asked = None;
            }
            Stage::Queued(_, priority) => _ = self.queue.insert((priority, action)),
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

    /// Ends an action. Its policy hears of it if it was sent.
    pub(super) fn end(&mut self, action: ActionId, bucket: Bucket) {
        self.go(action, Stage::Ended(bucket));
        let outcome = match self.bucket(action) {
            _ if !self.track(action).sent => return,
            Bucket::Used => Outcome::Used,
            Bucket::Joined => Outcome::Joined,
            Bucket::Failed => Outcome::Failed,
            _ => Outcome::Unused,
        };
        let cpu_ms = self.track(action).cpu_ms;
        self.outcomes.push(Observation { action: action.0, outcome, cpu_ms });
    }

    /// Tells the policy what became of actions.
    pub(super) fn report(&mut self) {
        if !self.outcomes.is_empty() {
            self.policy.observe(&std::mem::take(&mut self.outcomes));
        }
    }

    /// Those of `woken` that can still change.
    pub(super) fn open(&self, woken: Woken) -> Vec<ActionId> {
        woken.into_iter().filter(|action| !matches!(self.track(*action).stage, Stage::Ended(_))).collect()
    }
}

/// Recorded actions by element and command.
fn commands(resolver: &Resolver) -> HashMap<(ElementId, Digest), Vec<ActionId>> {
    let mut commands = HashMap::<_, Vec<_>>::new();
    for action in resolver.actions() {
        if let Some(made) = resolver.made_of(action) {
            commands.entry((resolver.element_of(action), made.command)).or_default().push(action);
        }
    }
    commands
}

/// The number of every action's program: the same in every session, so that policies can remember it.
fn programs(resolver: &Resolver) -> Vec<u32> {
    let number = |action| {
        let name = resolver.made_of(action).map(|made| &*made.program).unwrap_or_default();
        let [a, b, c, d, ..] = *Digest::of(name.as_bytes()).hash();
        u32::from_le_bytes([a, b, c, d])
    };
    resolver.actions().map(number).collect()
}
