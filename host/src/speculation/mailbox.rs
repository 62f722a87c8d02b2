//! What the owner of the predictions is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use spec_model::{Answered, Digest};
use spec_speculation::prime::Finished;
use spec_speculation::{Account, Content, Miss};

/// Letters that may wait. There is room for every flight and every build beside the requests.
const MOST: usize = 4096;
/// Requests that may wait; further ones are not told of, and what they would have corrected stays as it is.
const MOST_REQUESTS: usize = 2048;
/// A build waits no longer for what became of its predictions, and goes on without.
const ENDS: Duration = Duration::from_secs(1);
/// The end of the session waits no longer for the account. Both policies may hang once, 5 s each, before they are dropped.
const ACCOUNT: Duration = Duration::from_secs(12);

/// Something that happened. Elements are numbers of the project.
#[derive(Debug)]
pub(super) enum Letter {
    /// A build asked for an action that the action cache does not answer.
    Asked { element: usize, action: Digest },
    /// A build's request was answered.
    Answered { element: usize, action: Digest, answered: Answered, outputs: Option<Outputs> },
    /// A primed action was executed, or not.
    Finished { flight: u64, finished: Finished },
    /// Sources were staged.
    Sources { element: usize, tree: Digest },
    /// An artifact is there; it may have no files.
    Artifact { element: usize, files: Option<Digest> },
    /// A build wants to know what became of what was predicted for it.
    Ending { element: usize, reply: SyncSender<Ends> },
    /// A build is over.
    Ended { element: usize },
    /// The session is over.
    Close { reply: SyncSender<Account> },
}

/// What became of what was predicted for an element.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Whether what was predicted for its actions was asked for: see [`ends`](spec_speculation::prime::Board::ends).
    pub(super) all: Vec<(Digest, Option<bool>)>,
    /// Those that were not there when they were asked for, or were not asked for.
    pub(super) misses: Vec<Miss>,
}

/// What an action wrote.
pub(super) type Outputs = Vec<(String, Content)>;

/// Where letters to the owner are left.
#[derive(Clone, Debug)]
pub(super) struct Mailbox {
    letters: SyncSender<Letter>,
    requests: Arc<AtomicUsize>,
    unseen: Arc<AtomicU64>,
}

/// Where the owner takes letters from.
#[derive(Debug)]
pub(super) struct Letters {
    letters: Receiver<Letter>,
    requests: Arc<AtomicUsize>,
}

impl Mailbox {
    pub(super) fn new() -> (Self, Letters) {
        let (sender, letters) = sync_channel(MOST);
        let requests = Arc::new(AtomicUsize::new(0));
        let unseen = Arc::default();
        (Self { letters: sender, requests: Arc::clone(&requests), unseen }, Letters { letters, requests })
    }

    /// Tells of a request; never waits.
    pub(super) fn request(&self, letter: Letter) {
        let waiting = self.requests.fetch_add(1, Ordering::Relaxed);
        if waiting >= MOST_REQUESTS || self.letters.try_send(letter).is_err() {
            self.requests.fetch_sub(1, Ordering::Relaxed);
            self.unseen.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests that there was no room for, so that nothing was learned of them.
    pub(super) fn unseen(&self) -> u64 {
        self.unseen.load(Ordering::Relaxed)
    }

    /// Tells of a flight's end; never waits. There is room, for flights are few.
    pub(super) fn finished(&self, flight: u64, finished: Finished) {
        let _ = self.letters.try_send(Letter::Finished { flight, finished });
    }

    /// Tells of something else. An owner that is gone need not know.
    pub(super) fn send(&self, letter: Letter) {
        let _ = self.letters.send(letter);
    }

    /// What became of what was predicted for an element.
    pub(super) fn ends(&self, element: usize) -> Ends {
        let (reply, answer) = sync_channel(1);
        self.send(Letter::Ending { element, reply });
        answer.recv_timeout(ENDS).unwrap_or_default()
    }

    /// Ends speculation; `None` when there was nothing to predict, or it has ended before.
    pub(super) fn close(&self) -> Option<Account> {
        let (reply, answer) = sync_channel(1);
        self.send(Letter::Close { reply });
        answer.recv_timeout(ACCOUNT).ok()
    }
}

impl Letters {
    /// The next letter, once there is one; `None` when nobody can write any more.
    pub(super) fn next(&self) -> Option<Letter> {
        Some(self.taken(self.letters.recv().ok()?))
    }

    /// The letters that are there, one after the other.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Letter> {
        self.letters.try_iter().map(|letter| self.taken(letter))
    }

    fn taken(&self, letter: Letter) -> Letter {
        if matches!(letter, Letter::Asked { .. } | Letter::Answered { .. }) {
            self.requests.fetch_sub(1, Ordering::Relaxed);
        }
        letter
    }
}
