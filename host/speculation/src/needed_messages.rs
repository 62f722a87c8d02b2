//! The messages that records need, level by level, for a caller that has to bring them from elsewhere.

use std::collections::HashSet;

use spec_cas::Cas;
use spec_model::Digest;

use crate::message;
use crate::record::Record;

/// Levels of directories that are looked at.
const MAX_LEVELS: usize = 256;
/// Bytes of the largest message.
const MAX_MESSAGE: u64 = 16 << 20;
/// Bytes of all messages.
const MAX_BYTES: u64 = 1 << 30;
/// The largest number of messages.
const MAX_MESSAGES: usize = 1_000_000;

/// The messages that the actions of records need: base actions, then their commands and the roots of their inputs, then
/// directories, level by level. Each is named once, whichever actions it belongs to, so that whoever asks a server for each
/// [level](Self::level) asks as often as the deepest input root has levels. What is too large, or too much, is left out.
#[derive(Debug)]
pub(crate) struct NeededMessages<'a> {
    cas: &'a Cas,
    level: Vec<NeededMessage>,
    seen: HashSet<Digest>,
    bytes: u64,
    levels: usize,
    files: HashSet<Digest>,
}

#[derive(Clone, Copy, Debug)]
enum NeededMessage {
    Action(Digest),
    Command(Digest),
    Directory(Digest),
}

impl<'a> NeededMessages<'a> {
    /// The messages of these records, of which the store has those that it has.
    #[must_use]
    pub(crate) fn of<'r>(cas: &'a Cas, records: impl IntoIterator<Item = &'r Record>) -> Self {
        let (seen, files) = (HashSet::new(), HashSet::new());
        let mut needed = Self { cas, level: Vec::new(), seen, bytes: 0, levels: 0, files };
        let bases = records.into_iter().flat_map(|record| &record.actions);
        let bases: Vec<NeededMessage> = bases.map(|action| NeededMessage::Action(action.base)).collect();
        needed.set_level(bases);
        needed
    }

    /// The messages of this level; none after the last one.
    #[must_use]
    pub(crate) fn level(&self) -> Vec<Digest> {
        self.level.iter().map(NeededMessage::digest).collect()
    }

    /// Goes on to the next level: reads the messages of this one, as far as they are in the store now.
    pub(crate) fn descend(&mut self) {
        let mut next = Vec::new();
        for message in std::mem::take(&mut self.level) {
            match message {
                NeededMessage::Action(digest) => next.extend(self.parts(&digest).into_iter().flatten()),
                NeededMessage::Command(_) => {}
                NeededMessage::Directory(digest) => {
                    if let Ok(directory) = self.cas.directory(&digest) {
                        self.files.extend(directory.files.iter().map(|file| file.digest));
                        let below = directory.directories.iter();
                        next.extend(below.map(|node| NeededMessage::Directory(node.digest)));
                    }
                }
            }
        }
        self.levels += 1;
        if self.levels <= MAX_LEVELS {
            self.set_level(next);
        }
    }

    /// The files in the directories that were read.
    #[must_use]
    pub(crate) fn into_files(self) -> HashSet<Digest> {
        self.files
    }

    fn parts(&self, action: &Digest) -> Option<[NeededMessage; 2]> {
        let message = message::action(self.cas, action).ok()?;
        let (command, root) = (message.command(action).ok()?, message.input_root(action).ok()?);
        Some([NeededMessage::Command(command), NeededMessage::Directory(root)])
    }

    fn set_level(&mut self, messages: Vec<NeededMessage>) {
        for message in messages {
            let digest = message.digest();
            let bytes = self.bytes.saturating_add(digest.size());
            let fits = digest.size() <= MAX_MESSAGE && bytes <= MAX_BYTES && self.seen.len() < MAX_MESSAGES;
            if fits && self.seen.insert(digest) {
                self.bytes = bytes;
                self.level.push(message);
            }
        }
    }
}

impl NeededMessage {
    fn digest(&self) -> Digest {
        match self {
            Self::Action(digest) | Self::Command(digest) | Self::Directory(digest) => *digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record_store::RecordFormat;
    use crate::testing::{RecordDraft, Store};

    #[test]
    fn each_level_names_what_all_actions_need_there_once() {
        let (here, there) = (Store::new(), Store::new());
        let mut draft = RecordDraft::of(&there, "app.bst");
        for number in 0..3 {
            let own = format!("src/{number}.c=text {number}");
            draft.action(&format!("cc {number}.c"), &["usr/include/lib/lib.h=h", &own], &[]);
        }
        let bytes = draft
            .record
            .store(&there.cas, RecordFormat::Compact)
            .and_then(|digest| Ok(there.cas.get(&digest)?));
        here.cas.put_bytes(&bytes.expect("the store works")).expect("the store works");
        let mut needed = NeededMessages::of(&here.cas, [&draft.record]);
        let mut counts = Vec::new();
        while !needed.level().is_empty() {
            counts.push(needed.level().len());
            for digest in needed.level() {
                here.cas.put_bytes(&there.cas.get(&digest).expect("it is there")).expect("the store works");
            }
            needed.descend();
        }
        // Actions; commands and roots; src of each and usr of all; include; lib.
        assert_eq!(counts, [3, 6, 4, 1, 1]);
        let files = needed.into_files();
        assert_eq!(files.len(), 4);
        assert!(
            files.iter().all(|file| here.cas.contains(file).is_ok_and(|here| !here)),
            "no contents are needed"
        );
    }

    #[test]
    fn what_is_nowhere_ends_the_way_down() {
        let (here, there) = (Store::new(), Store::new());
        let mut draft = RecordDraft::of(&there, "app.bst");
        draft.action("cc", &["x.c=1"], &[]);
        let mut needed = NeededMessages::of(&here.cas, [&draft.record]);
        assert_eq!(needed.level().len(), 1);
        needed.descend();
        assert!(needed.level().is_empty());
    }
}
