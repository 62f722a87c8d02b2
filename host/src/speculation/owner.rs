//! The one owner of what a session predicts: a thread that takes letters and carries out what follows from them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use spec_exec::executor::Rights;
use spec_model::{Answered, Digest};
use spec_speculation::prime::{Adapted, Board, Command};
use spec_speculation::{ActionId, Bucket, Instantiated, Instantiator, Request};

use super::facts::{Facts, Known, Seen, id};
use super::flights::{Flights, NOTHING};
use super::mailbox::{Ends, Letter, Letters, Mailbox, Outputs};
use super::policies::Policies;
use super::start::{Plan, Started, start};
use crate::session::SharedSession;

/// So many letters are taken, and so many actions adapted, before what follows from them is sent.
const BATCH: usize = 64;

/// What the thread knows.
struct Owner {
    session: SharedSession,
    board: Board,
    facts: Facts,
    flights: Flights,
    /// Requests that wait for their answer, and the recorded actions that they are the present form of.
    open: HashMap<(usize, Digest), Vec<ActionId>>,
}

/// Predicts and primes until the session is closed. Ends at once when there is no record.
pub(super) fn run(
    session: SharedSession,
    plan: &Plan,
    policies: &Policies,
    mailbox: Mailbox,
    letters: &Letters,
) {
    let Ok(executions) = session.remote_apis.executions() else { return };
    let Some(Started { board, strange }) = start(&session, plan, policies) else { return };
    let facts = Facts::new(plan.takes_part.len());
    let flights = Flights::new(executions, mailbox);
    let mut owner = Owner { session, board, facts, flights, open: HashMap::new() };
    owner.board.busy(owner.flights.load());
    let mut commands = owner.board.start();
    commands.extend(owner.facts.begin(&owner.session, &mut owner.board, plan, &strange));
    owner.carry_out(commands);
    while let Some(letter) = letters.next() {
        let mut commands = Vec::new();
        // What comes while these are read waits for what follows from them.
        let batch: Vec<Letter> = std::iter::once(letter).chain(letters.waiting()).take(BATCH).collect();
        for letter in batch {
            match letter {
                Letter::Close { reply } => {
                    // Nobody else may be there to read it.
                    let _ = reply.try_send(owner.board.account());
                    return;
                }
                // What was known before it came is sent before it.
                asked @ Letter::Asked { .. } => {
                    owner.carry_out(std::mem::take(&mut commands));
                    commands = owner.take(asked);
                }
                other => commands.extend(owner.take(other)),
            }
        }
        owner.board.busy(owner.flights.load());
        owner.carry_out(commands);
    }
}

impl Owner {
    fn take(&mut self, letter: Letter) -> Vec<Command> {
        let (session, board) = (&self.session, &mut self.board);
        match letter {
            Letter::Asked { element, action } => self.asked(element, action),
            Letter::Answered { element, action, answered, outputs } => {
                self.answered(element, action, answered, outputs)
            }
            Letter::Finished { flight, finished } => match self.flights.land(flight) {
                Some((action, digest)) => board.finished(action, digest, finished),
                None => Vec::new(),
            },
            Letter::Sources { element, tree } => self.facts.sources(session, board, element, &tree),
            Letter::Artifact { element, files } => {
                self.facts.artifact(session, board, element, Known::Here(files))
            }
            Letter::Ended { element } => {
                self.open.retain(|(of, _), _| *of != element);
                let mut commands = self.facts.artifact(session, board, element, Known::Never);
                commands.extend(board.element_ended(id(element)));
                commands
            }
            Letter::Ending { element, reply } => {
                let (all, misses) = (board.ends(id(element)), board.misses(id(element)));
                let _ = reply.try_send(Ends { all, misses });
                Vec::new()
            }
            Letter::Close { .. } => Vec::new(),
        }
    }

    /// Compares a request with what was predicted, and corrects that.
    fn asked(&mut self, element: usize, digest: Digest) -> Vec<Command> {
        let (mut actions, mut commands) = (self.board.requested(&digest), Vec::new());
        if actions.is_empty()
            && let Some((action, shown)) = self.shown(element, &digest)
        {
            commands.extend(shown);
            actions.push(action);
        }
        self.open.insert((element, digest), actions);
        commands
    }

    /// The recorded action that a request is the present form of, and what follows from what it shows.
    fn shown(&mut self, element: usize, digest: &Digest) -> Option<(ActionId, Vec<Command>)> {
        let (cas, id) = (&self.session.cas, id(element));
        let same = self.board.resolver().action_of(id, digest);
        if same.is_some_and(|action| self.board.bucket(action) == Bucket::Unchanged) {
            return None;
        }
        let request = Request::of(cas, digest).ok()?;
        let action = same.or_else(|| self.board.counterpart(id, &request.command))?;
        let expanded = self.board.resolver().expanded(id)?;
        let made = self.board.resolver().made_of(action)?;
        let shown = request.shows(cas, &expanded.record, made).ok()?;
        Some((action, self.board.shown(action, *digest, shown)))
    }

    fn answered(
        &mut self,
        element: usize,
        digest: Digest,
        answered: Answered,
        outputs: Option<Outputs>,
    ) -> Vec<Command> {
        let mut commands = Vec::new();
        if matches!(answered, Answered::CacheHit | Answered::Uploaded)
            && !self.open.contains_key(&(element, digest))
        {
            commands.extend(self.asked(element, digest));
        }
        let actions = self.open.remove(&(element, digest)).unwrap_or_default();
        for (action, outputs) in actions.into_iter().zip(std::iter::repeat(outputs)) {
            commands.extend(outputs.map(|outputs| self.board.answered(action, outputs)).unwrap_or_default());
        }
        commands
    }

    /// Does what the board wants, and what it wants then, until it wants nothing.
    fn carry_out(&mut self, mut commands: Vec<Command>) {
        loop {
            let (adapt, other): (Vec<_>, Vec<_>) =
                commands.into_iter().partition(|command| matches!(command, Command::Adapt { .. }));
            let mut next = self.fly(other);
            let mut batches = adapt.into_iter();
            next.extend(self.adapt(batches.by_ref().take(BATCH)));
            next.extend(self.board.admit());
            next.extend(batches);
            if next.is_empty() {
                return;
            }
            commands = next;
        }
    }

    /// Sends actions, gives others up, and scans.
    fn fly(&mut self, commands: Vec<Command>) -> Vec<Command> {
        let submitted = commands.iter().filter_map(|command| match command {
            Command::Submit { action, digest, .. } => Some((*action, *digest)),
            _ => None,
        });
        let stored = self.store(submitted);
        let mut next = Vec::new();
        for command in commands {
            let (action, digest, ended) = match command {
                Command::Submit { action, digest, priority } if stored.contains(&action) => {
                    let rights = self.rights(action);
                    let ended = rights.map_or(Some(NOTHING), |rights| {
                        self.flights.submit(action, digest, priority, Arc::new(rights))
                    });
                    (action, digest, ended)
                }
                Command::Submit { action, digest, .. } => (action, digest, Some(NOTHING)),
                Command::Cancel { action, digest } => (action, digest, self.flights.cancel(action, digest)),
                Command::Scan => {
                    next.extend(self.board.scan(&Seen { facts: &self.facts, cas: &self.session.cas }));
                    continue;
                }
                Command::Adapt { .. } => continue,
            };
            next.extend(ended.map(|ended| self.board.finished(action, digest, ended)).unwrap_or_default());
        }
        next
    }

    /// What an action may have that the build of its element will ask for; the commands of builds have no network.
    fn rights(&self, action: ActionId) -> Option<Rights> {
        let element = self.board.resolver().element_of(action).0 as usize;
        Some(spec_build::rights(self.session.project.elements.get(element)?, false))
    }

    /// Stores what actions to be sent are made of, and answers with those of which that went well. Most of what is
    /// instantiated is sent much later or never, so it is made again here, and not kept.
    fn store(&self, actions: impl Iterator<Item = (ActionId, Digest)>) -> HashSet<ActionId> {
        let resolver = self.board.resolver();
        let mut instantiator = Instantiator::new(&self.session.cas);
        let made = actions.filter(|(action, digest)| {
            let made = instantiator.adapt(&resolver.recorded(*action).base, &resolver.adaptation(*action));
            matches!(made, Ok(Instantiated::Adapted { action, .. }) if action == *digest)
        });
        let made = made.map(|(action, _)| action).collect();
        instantiator.finish().map_or_else(|_| HashSet::new(), |()| made)
    }

    /// Finds what actions are going to be. What cannot be made is not sent.
    fn adapt(&mut self, commands: impl Iterator<Item = Command>) -> Vec<Command> {
        let mut instantiator = Instantiator::new(&self.session.cas);
        let mut next = Vec::new();
        for command in commands {
            if let Command::Adapt { action, round, base, adaptation } = command {
                let adapted = match instantiator.adapt(&base, &adaptation) {
                    Ok(Instantiated::Unchanged) => Adapted::Unchanged,
                    Ok(Instantiated::Adapted { action, command, .. }) => {
                        Adapted::Action { digest: action, command }
                    }
                    Err(_) => Adapted::Contradiction,
                };
                next.extend(self.board.adapted(action, round, adapted));
            }
        }
        next
    }
}
