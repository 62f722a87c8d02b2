//! What happens in a session, and what has to be done about it.

use super::board::{Board, Standing};
use super::stage::Stage;
use super::{Adapted, Command, Finished, Load};
use crate::account::{Bucket, Skipped};
use crate::record::{Content, InputId};
use crate::resolve::{ActionId, ElementId, Fact, Outlook, PlaceId, Sight, TreeId, Woken};
use spec_model::Digest;

impl Board {
    /// The session begins. What needs no facts is predicted at once.
    pub fn start(&mut self) -> Vec<Command> {
        let all = self.resolver.actions().collect();
        self.follow(all)
    }

    /// The machine is busier, or less: what the policy hears with its next candidates.
    pub fn busy(&mut self, load: Load) {
        self.slots = load.slots;
        self.real = load.busy.saturating_sub(self.purse.flying());
    }

    /// Something was looked up: see [`Resolver::wanted`](crate::Resolver::wanted).
    pub fn learned(&mut self, found: Vec<(PlaceId, Option<Content>)>) -> Vec<Command> {
        let woken = self.resolver.learn(found);
        self.follow(woken)
    }

    /// Has the overlay policy look at what is in files that changed, for which inputs come and go with that.
    pub fn scan(&mut self, sight: &dyn Sight) -> Vec<Command> {
        let woken = self.resolver.scan(sight);
        self.follow(woken)
    }

    /// A fact will never be known.
    pub fn lost(&mut self, fact: Fact) -> Vec<Command> {
        let woken = self.resolver.lose(fact);
        self.follow(woken)
    }

    /// A tree of dependencies was made.
    pub fn tree(&mut self, tree: TreeId, digest: Digest) -> Vec<Command> {
        let woken = self.resolver.tree(tree, Some(digest));
        self.follow(woken)
    }

    /// An action was instantiated.
    pub fn adapted(&mut self, action: ActionId, round: u32, adapted: Adapted) -> Vec<Command> {
        if self.track(action).round != round || self.track(action).stage != Stage::Adapting {
            return Vec::new();
        }
        let woken = match adapted {
            Adapted::Action { digest, command } => {
                let alike = self.commands.entry((self.resolver.element_of(action), command)).or_default();
                if !alike.contains(&action) {
                    alike.push(action);
                }
                let track = &mut self.tracks[action.0 as usize];
                (track.predicted, track.right) = (Some(digest), false);
                self.go(action, Stage::Candidate(digest));
                Woken::new()
            }
            Adapted::Unchanged => {
                let outputs = self.resolver.recorded_outputs(action);
                self.end(action, Bucket::Unchanged);
                self.resolver.ran(action, Some(outputs), false)
            }
            Adapted::Contradiction => {
                self.go(action, Stage::Watched);
                self.resolver.contradict(action)
            }
        };
        self.follow(woken)
    }

    /// An execution that was submitted has ended, or was answered from the action cache.
    pub fn finished(&mut self, action: ActionId, digest: Digest, finished: Finished) -> Vec<Command> {
        let expected = self.resolver.recorded(action).cpu_ms;
        self.purse.land(expected, finished.cpu_ms, finished.bytes);
        self.account.cpu_ms += u64::from(finished.cpu_ms);
        let stage = self.track(action).stage;
        let track = &mut self.tracks[action.0 as usize];
        (track.took_ms, track.cpu_ms) = (finished.took_ms, finished.cpu_ms);
        if track.joined == Some(digest) {
            self.account.useful_cpu_ms += u64::from(finished.cpu_ms);
            let woken = self.resolver.ran(action, finished.outputs, true);
            return self.follow(woken);
        }
        // Of a prediction that was corrected meanwhile, only the cost counts.
        if stage != Stage::Flying(digest) {
            return Vec::new();
        }
        match finished.outputs {
            Some(_) => self.go(action, Stage::Ready(digest)),
            None => self.end(action, Bucket::Failed),
        }
        let woken = self.resolver.ran(action, finished.outputs, false);
        self.follow(woken)
    }

    /// The build asked for an action: those recorded ones that were predicted to be it.
    pub fn requested(&mut self, digest: &Digest) -> Vec<ActionId> {
        let predicted: Vec<ActionId> = self.predicted.get(digest).into_iter().flatten().copied().collect();
        for &action in &predicted {
            let track = *self.track(action);
            let bucket = match track.stage {
                Stage::Ready(_) => {
                    self.account.saved_ms += u64::from(track.took_ms);
                    self.account.useful_cpu_ms += u64::from(track.cpu_ms);
                    Bucket::Used
                }
                Stage::Flying(_) => {
                    self.tracks[action.0 as usize].joined = Some(*digest);
                    Bucket::Joined
                }
                Stage::Skipped(_, why) => Bucket::Skipped(Skipped::Policy(why)),
                _ => Bucket::Skipped(Skipped::Overtaken),
            };
            self.tracks[action.0 as usize].right = true;
            self.standings.entry(self.resolver.element_of(action)).or_default().hits += 1;
            self.end(action, bucket);
        }
        predicted
    }

    /// A real request showed what inputs of a recorded action are now; `digest` is the action that was asked for. What
    /// was predicted for others is corrected; this one is overtaken, unless it was predicted rightly.
    pub fn shown(
        &mut self,
        action: ActionId,
        digest: Digest,
        shown: Vec<(InputId, Content)>,
    ) -> Vec<Command> {
        let stage = self.track(action).stage;
        self.tracks[action.0 as usize].requested.get_or_insert(digest);
        let (mut commands, mut missed) = (Vec::new(), false);
        if !matches!(stage, Stage::Ended(_)) && stage.digest() != Some(digest) {
            missed = stage.digest().is_some();
            commands.extend(self.withdraw(action));
            let unchanged = self.resolver.recorded(action).base == digest;
            let bucket = match (unchanged, self.track(action).sent, stage) {
                (_, true, _) => Bucket::Unused,
                (true, false, _) => Bucket::Unchanged,
                (false, false, Stage::Skipped(_, why)) => Bucket::Skipped(Skipped::Policy(why)),
                (false, false, _) => Bucket::Skipped(Skipped::Overtaken),
            };
            self.end(action, bucket);
        }
        let woken = self.resolver.correct(action, shown);
        let has_taught = woken.iter().any(|other| !matches!(self.track(*other).stage, Stage::Ended(_)));
        self.weigh(self.resolver.element_of(action), missed, has_taught);
        commands.extend(self.follow(woken));
        commands
    }

    /// Notes what a request says of how well its element is predicted. Predictions that it corrected are worth a try; if
    /// it missed and taught nothing, the policy is asked again about what waits to be sent.
    fn weigh(&mut self, element: ElementId, missed: bool, has_taught: bool) {
        let standing = self.standings.entry(element).or_default();
        if has_taught {
            *standing = Standing { hits: standing.hits + 1, misses: 0 };
        }
        if has_taught || !missed {
            return;
        }
        standing.misses += 1;
        for action in self.resolver.actions_of(element) {
            if let Stage::Queued(digest, _) = self.track(action).stage {
                self.go(action, Stage::Candidate(digest));
            }
        }
    }

    /// A real request for a recorded action was answered. Its outputs are the truth for those that read them.
    pub fn answered(&mut self, action: ActionId, outputs: Vec<(String, Content)>) -> Vec<Command> {
        let woken = self.resolver.ran(action, Some(outputs), true);
        self.follow(woken)
    }

    /// An element's build ended, failed or was interrupted: nothing of it is asked for any more.
    pub fn element_ended(&mut self, element: ElementId) -> Vec<Command> {
        let mut commands = Vec::new();
        for action in self.resolver.actions_of(element) {
            if matches!(self.track(action).stage, Stage::Ended(_)) {
                continue;
            }
            let bucket = self.bucket(action);
            commands.extend(self.withdraw(action));
            self.end(action, bucket);
        }
        commands
    }

    /// Predicts woken actions anew.
    fn follow(&mut self, woken: Woken) -> Vec<Command> {
        let mut commands = Vec::new();
        for action in self.open(woken) {
            commands.extend(self.withdraw(action));
            let track = &mut self.tracks[action.0 as usize];
            track.round += 1;
            let round = track.round;
            if self.resolver.outlook(action) == Outlook::Adapted {
                self.go(action, Stage::Adapting);
                let base = self.resolver.recorded(action).base;
                let adaptation = self.resolver.adaptation(action);
                commands.push(Command::Adapt { action, round, base, adaptation });
            } else {
                self.go(action, Stage::Watched);
            }
        }
        commands.extend(self.resolver.has_to_scan().then_some(Command::Scan));
        commands
    }

    /// Gives up an execution that is under way.
    fn withdraw(&mut self, action: ActionId) -> Option<Command> {
        match self.track(action).stage {
            Stage::Flying(digest) => Some(Command::Cancel { action, digest }),
            _ => None,
        }
    }
}
