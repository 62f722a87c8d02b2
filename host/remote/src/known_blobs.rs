//! What a server is known to have, so that it is neither asked nor sent again.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use spec_model::Digest;
use tokio::sync::watch;

/// Digests in each of the two generations of a set, of some 60 bytes each.
const LIMIT: usize = 200_000;

/// The blobs that a server is known to have, because it said so, received them or made them. It may lose them all the same:
/// then it says so, and they are [forgotten](Self::forget).
#[derive(Debug, Default)]
pub struct KnownBlobs(Mutex<KnownState>);

#[derive(Debug, Default)]
struct KnownState {
    blobs: RecentDigests,
    /// Trees of which the server has everything.
    trees: RecentDigests,
    /// Blobs that somebody asks for or uploads at present; the channel closes when that is over.
    claimed: HashMap<Digest, watch::Receiver<()>>,
    /// Trees that somebody looks through and uploads at present; the channel closes when that is over.
    claimed_trees: HashMap<Digest, watch::Receiver<()>>,
}

/// Digests of which those that were not used for the longest time are dropped.
#[derive(Debug, Default)]
struct RecentDigests {
    young: HashSet<Digest>,
    old: HashSet<Digest>,
}

impl KnownBlobs {
    /// Whether the server is known to have the blob.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        self.lock().blobs.contains(digest)
    }

    /// Those of `digests` that the server is not known to have.
    #[must_use]
    pub fn unknown(&self, digests: &[Digest]) -> Vec<Digest> {
        let mut state = self.lock();
        digests.iter().filter(|digest| !state.blobs.contains(digest)).copied().collect()
    }

    /// Notes that the server has these blobs.
    pub fn insert<'a>(&self, digests: impl IntoIterator<Item = &'a Digest>) {
        let mut state = self.lock();
        digests.into_iter().for_each(|digest| state.blobs.insert(*digest));
    }

    /// Whether the server is known to have everything in the tree.
    #[must_use]
    pub fn contains_tree(&self, root: &Digest) -> bool {
        self.lock().trees.contains(root)
    }

    /// Notes that the server has everything in these trees.
    pub fn insert_trees<'a>(&self, roots: impl IntoIterator<Item = &'a Digest>) {
        let mut state = self.lock();
        roots.into_iter().for_each(|root| state.trees.insert(*root));
    }

    /// Notes that the server does not have these blobs any more. So no tree is known to be whole.
    pub fn forget<'a>(&self, digests: impl IntoIterator<Item = &'a Digest>) {
        let mut state = self.lock();
        state.trees = RecentDigests::default();
        digests.into_iter().for_each(|digest| state.blobs.remove(digest));
    }

    /// Claims those of `digests` that are neither known nor claimed by others; with them comes what to wait for before the
    /// others can be looked at again.
    pub(crate) fn claim(&self, digests: &[Digest]) -> (ClaimedBlobs<'_>, OtherClaims) {
        let (sender, receiver) = watch::channel(());
        let (mut mine, mut others) = (Vec::new(), Vec::new());
        let mut state = self.lock();
        for digest in digests {
            if state.blobs.contains(digest) {
                continue;
            }
            match state.claimed.get(digest) {
                Some(claim) if claim.same_channel(&receiver) => {}
                Some(claim) => others.push(claim.clone()),
                None => {
                    state.claimed.insert(*digest, receiver.clone());
                    mine.push(*digest);
                }
            }
        }
        drop(state);
        (ClaimedBlobs { known: self, digests: mine, _sender: sender }, OtherClaims(others))
    }

    /// Claims those trees of which the server is not known to have everything, and that nobody else has claimed: a large tree is
    /// looked through once, however many actions need it.
    #[must_use]
    pub fn claim_trees(&self, roots: &[Digest]) -> ClaimedTrees<'_> {
        let (sender, receiver) = watch::channel(());
        let (mut mine, mut others) = (Vec::new(), Vec::new());
        let mut state = self.lock();
        for root in roots {
            if mine.contains(root) || state.trees.contains(root) {
                continue;
            }
            match state.claimed_trees.get(root) {
                Some(claim) => others.push(claim.clone()),
                None => {
                    state.claimed_trees.insert(*root, receiver.clone());
                    mine.push(*root);
                }
            }
        }
        drop(state);
        ClaimedTrees { known: self, roots: mine, others: OtherClaims(others), _sender: sender }
    }

    fn lock(&self) -> MutexGuard<'_, KnownState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Blobs that one operation asks for or uploads, so that no other one does. Dropping it lets others claim them.
pub(crate) struct ClaimedBlobs<'a> {
    known: &'a KnownBlobs,
    pub(crate) digests: Vec<Digest>,
    _sender: watch::Sender<()>,
}

impl Drop for ClaimedBlobs<'_> {
    fn drop(&mut self) {
        let mut state = self.known.lock();
        self.digests.iter().for_each(|digest| _ = state.claimed.remove(digest));
    }
}

/// Trees that one operation looks through and uploads, so that no other one does. Dropping it lets others claim them.
pub struct ClaimedTrees<'a> {
    known: &'a KnownBlobs,
    /// Those that this operation is to look through.
    pub roots: Vec<Digest>,
    /// What others look through.
    pub others: OtherClaims,
    _sender: watch::Sender<()>,
}

impl Drop for ClaimedTrees<'_> {
    fn drop(&mut self) {
        let mut state = self.known.lock();
        self.roots.iter().for_each(|root| _ = state.claimed_trees.remove(root));
    }
}

/// What other operations have claimed.
#[derive(Clone, Debug)]
pub struct OtherClaims(Vec<watch::Receiver<()>>);

impl OtherClaims {
    /// Whether nobody else has claimed anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits until these operations are over, however they end.
    pub async fn over(self) {
        for mut other in self.0 {
            while other.changed().await.is_ok() {}
        }
    }
}

impl RecentDigests {
    fn contains(&mut self, digest: &Digest) -> bool {
        if self.young.contains(digest) {
            return true;
        }
        let used_before = self.old.remove(digest);
        if used_before {
            self.insert(*digest);
        }
        used_before
    }

    fn insert(&mut self, digest: Digest) {
        if self.young.len() >= LIMIT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest);
    }

    fn remove(&mut self, digest: &Digest) {
        self.young.remove(digest);
        self.old.remove(digest);
    }
}

#[cfg(test)]
mod tests;
