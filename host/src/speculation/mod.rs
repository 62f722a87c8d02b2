//! Speculative actions in a build: what one build asked for is recorded, and run ahead of the next. The terms are those
//! of `docs/speculation.md`.
//!
//! One thread owns what a session predicts: see [`owner`]. Builds tell it what happens through a [`Mailbox`] and never
//! wait for it, but for a moment when their records are made.

mod account;
mod facts;
mod flights;
mod mailbox;
mod owner;
mod policies;
mod records;
mod requests;
mod start;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use spec_build::{BuiltWith, Remembered};
use spec_exec::executor::Recording;
use spec_model::{Digest, NodeError};
use spec_project::Element;
use spec_scheduler::Message;
use spec_speculation::Mode;

use crate::error::{BlameUser, CommandResult};
use crate::session::SharedSession;
use mailbox::{Letter, Mailbox};
use policies::Policies;
pub(crate) use policies::Wanted;

/// The speculation of one session.
pub(crate) struct Speculation {
    session: SharedSession,
    mode: Mode,
    policies: Policies,
    /// By element, whether it takes part.
    takes_part: Vec<bool>,
    /// Where the owner reads; without effect when there is none.
    mailbox: Mailbox,
    /// Elements that were built and have a record.
    recorded: AtomicU64,
    owner: Mutex<Option<JoinHandle<()>>>,
}

impl Speculation {
    /// Speculation about these elements, which are going to be built; `files` are the artifacts that are there, by
    /// element. `None` when nothing is to be done, in which case nothing was.
    ///
    /// # Errors
    /// When an element's public data is wrong, or a policy cannot be had.
    pub(crate) fn start(
        session: &SharedSession,
        wanted: &Wanted,
        to_build: &[usize],
        files: Vec<Option<Digest>>,
    ) -> CommandResult<Option<Arc<Self>>> {
        let mut takes_part = vec![false; session.project.elements.len()];
        for element in to_build {
            takes_part[*element] = takes_part_in(&session.project.elements[*element]).or_usage()?;
        }
        if !takes_part.contains(&true) {
            // What somebody just typed is checked whatever there is to do.
            if wanted.is_typed {
                Policies::load(session, wanted)?;
            }
            return Ok(None);
        }
        let mode = wanted.mode;
        let (policies, memory) = Policies::load(session, wanted)?;
        let (mailbox, letters) = Mailbox::new();
        let plan = start::Plan { to_build: to_build.to_vec(), takes_part: takes_part.clone(), files };
        let (of_owner, told, asked) = (Arc::clone(session), mailbox.clone(), policies.clone());
        let work = move || {
            owner::run(of_owner, &plan, &asked, told, &letters);
            if let Some(memory) = memory {
                asked.remember(&memory);
            }
        };
        let owner = mode.primes().then(|| std::thread::Builder::new().name("speculation".into()).spawn(work));
        // Without a thread nothing is primed; records are made all the same.
        let owner = Mutex::new(owner.and_then(Result::ok));
        let (session, recorded) = (Arc::clone(session), AtomicU64::new(0));
        Ok(Some(Arc::new(Self { session, mode, policies, takes_part, mailbox, recorded, owner })))
    }

    /// The sources of an element are staged.
    pub(crate) fn sources(&self, element: usize, tree: Digest) {
        self.mailbox.send(Letter::Sources { element, tree });
    }

    /// The artifact of an element is there.
    pub(crate) fn artifact(&self, element: usize, files: Option<Digest>) {
        self.mailbox.send(Letter::Artifact { element, files });
    }

    /// The job that builds an element is over, however it went.
    pub(crate) fn ended(&self, element: usize) {
        self.mailbox.send(Letter::Ended { element });
    }

    /// Ends speculation: nothing of it runs any more. Answers with what there is to say: of policies that failed, and of
    /// what was predicted, if there was something to predict.
    pub(crate) fn finish(&self) -> Vec<Message> {
        let account = self.mailbox.close();
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner).take();
        let had_nothing = owner.as_ref().is_some_and(JoinHandle::is_finished);
        if let (Some(owner), true) = (owner, account.is_some()) {
            // A panic there is on the terminal already.
            let _ = owner.join();
        }
        let mut messages = self.policies.warnings();
        let recorded = self.recorded.load(Ordering::Relaxed);
        messages.extend(match account {
            Some(account) => Some(account::message(&account, self.mailbox.unseen())),
            None => (had_nothing && recorded > 0).then(|| account::first(recorded)),
        });
        messages
    }
}

impl Drop for Speculation {
    fn drop(&mut self) {
        self.finish();
    }
}

impl spec_build::Speculation for Speculation {
    fn recording(&self, element: usize, notes: Recording) -> Recording {
        match self.takes_part[element] && self.mode.primes() {
            true => Recording::to(Arc::new(requests::Ears::new(element, self.mailbox.clone(), notes))),
            false => notes,
        }
    }

    fn remember(&self, built: &BuiltWith<'_>) -> Remembered {
        match self.takes_part[built.element] {
            true => {
                let (ends, policy) = (|| self.mailbox.ends(built.element), &self.policies.overlay);
                let remembered = records::remember(&self.session, self.mode, built, ends, policy);
                self.recorded.fetch_add(u64::from(remembered.record.is_some()), Ordering::Relaxed);
                remembered
            }
            false => Remembered::default(),
        }
    }
}

/// Whether an element can ask for actions and its public data (`bst: speculative-actions`) does not say no.
fn takes_part_in(element: &Element) -> Result<bool, NodeError> {
    if element.sandbox.remote_apis_socket.is_none() {
        return Ok(false);
    }
    element.public.opt_mapping("bst")?.map_or(Ok(true), |bst| bst.bool_or("speculative-actions", true))
}

impl std::fmt::Debug for Speculation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Speculation({})", self.mode)
    }
}
