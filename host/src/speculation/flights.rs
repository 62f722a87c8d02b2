//! Primed actions that are under way.

use std::collections::HashMap;
use std::sync::Arc;

use spec_exec::executor::{Answer, Executions, Progress, Request, Rights, Ticket};
use spec_model::{Answered, Digest};
use spec_speculation::ActionId;
use spec_speculation::prime::{Finished, Load};

use super::mailbox::Mailbox;
use super::requests::outputs;

/// Primed actions that are under way, each with the ticket that keeps it so.
pub(super) struct Flights {
    executions: Arc<Executions>,
    mailbox: Mailbox,
    open: HashMap<u64, Flight>,
    next: u64,
}

struct Flight {
    action: ActionId,
    digest: Digest,
    // Held for its drop, which gives the execution up.
    _ticket: Ticket,
}

/// Nothing came of an execution, and it cost nothing that we know of.
pub(super) const NOTHING: Finished = Finished { outputs: None, took_ms: 0, cpu_ms: 0, bytes: 0 };

impl Flights {
    /// None yet; they are going to be executed by `executions`, and their ends told in `mailbox`.
    pub(super) fn new(executions: Arc<Executions>, mailbox: Mailbox) -> Self {
        Self { executions, mailbox, open: HashMap::new(), next: 0 }
    }

    /// Sends an action, which may have what those may have that are going to ask for it. Answers with its end if it has
    /// ended by that.
    pub(super) fn submit(
        &mut self,
        action: ActionId,
        digest: Digest,
        priority: i32,
        rights: Arc<Rights>,
    ) -> Option<Finished> {
        let (flight, mailbox) = (self.next, self.mailbox.clone());
        self.next += 1;
        let request = Request { priority, primed: true, ..Request::new(digest, rights) };
        let submitted = self.executions.submit(&request, move |progress| {
            if let Progress::Completed(answer) = progress {
                mailbox.finished(flight, finished(&answer));
            }
        });
        match submitted {
            Ok(ticket) => {
                self.open.insert(flight, Flight { action, digest, _ticket: ticket });
                None
            }
            Err(_) => Some(NOTHING),
        }
    }

    /// Gives an action up; `None` when it is not under way.
    pub(super) fn cancel(&mut self, action: ActionId, digest: Digest) -> Option<Finished> {
        let wanted = |flight: &Flight| flight.action == action && flight.digest == digest;
        let flight = *self.open.iter().find(|(_, flight)| wanted(flight))?.0;
        self.open.remove(&flight).map(|_| NOTHING)
    }

    /// What the workers are busy with.
    pub(super) fn load(&self) -> Load {
        let (waiting, running) = self.executions.load();
        Load { slots: self.executions.workers() as u32, busy: (waiting + running) as u32 }
    }

    /// Takes off what has landed; `None` for what was given up before.
    pub(super) fn land(&mut self, flight: u64) -> Option<(ActionId, Digest)> {
        self.open.remove(&flight).map(|flight| (flight.action, flight.digest))
    }
}

/// What came of an execution. Only what was executed for us cost something.
fn finished(answer: &Answer) -> Finished {
    let Ok(done) = answer else { return NOTHING };
    let bytes = done.result.files.iter().map(|file| file.digest.size()).sum();
    let (took_ms, cpu_ms) =
        if done.answered == Answered::Executed { done.result.metadata.cost_ms() } else { (0, 0) };
    Finished { outputs: outputs(&done.result), took_ms, cpu_ms, bytes }
}
