//! Reads the directories of many input roots into the store's cache on all processors, before they are walked.

use std::collections::HashSet;
use std::num::NonZero;

use spec_cas::Cas;
use spec_model::Digest;

use crate::message;

/// The number of input roots that are read ahead; the store keeps the directories of about two hundred in memory.
pub(crate) const PREFETCH_BATCH: usize = 64;

/// Reads the directories of these actions' input roots, without those in `known`. Errors are left to the walk.
pub(crate) fn prefetch(cas: &Cas, actions: &[Digest], known: &HashSet<Digest>) {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = actions.len().div_ceil(threads).max(1);
    if threads == 1 || actions.len() < threads {
        return;
    }
    std::thread::scope(|scope| {
        for part in actions.chunks(share) {
            scope.spawn(move || read(cas, part, known));
        }
    });
}

fn read(cas: &Cas, actions: &[Digest], known: &HashSet<Digest>) {
    let mut seen = HashSet::new();
    let root =
        |digest: &Digest| message::action(cas, digest).and_then(|action| action.input_root(digest)).ok();
    let mut open: Vec<Digest> = actions.iter().filter_map(root).collect();
    while let Some(digest) = open.pop() {
        if known.contains(&digest) || !seen.insert(digest) {
            continue;
        }
        if let Ok(directory) = cas.directory(&digest) {
            open.extend(directory.directories.iter().map(|node| node.digest));
        }
    }
}
