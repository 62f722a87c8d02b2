//! The messages that actions are made of, level by level, for a caller that has to bring them from elsewhere.

use std::collections::HashSet;

use spec_cas::Cas;
use spec_model::Digest;

use crate::read_action;

/// Levels of directories that are looked at.
const MAX_LEVELS: usize = 256;
/// Bytes of the largest message.
const MAX_MESSAGE: u64 = 16 << 20;
/// Bytes of all messages.
const MAX_BYTES: u64 = 1 << 30;
/// The largest number of messages.
const MAX_MESSAGES: usize = 1_000_000;

/// The messages that actions are made of: the actions, then their commands and the roots of their inputs, then
/// directories, level by level. Each is named once, whichever actions it belongs to, so that whoever asks a server for each
/// [level](Self::level) asks as often as the deepest input root has levels. What is too large, or too much, is left out.
#[derive(Debug)]
pub struct NeededMessages<'a> {
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
    /// The messages of these actions, of which the store has those that it has.
    #[must_use]
    pub fn of(cas: &'a Cas, actions: impl IntoIterator<Item = Digest>) -> Self {
        let (seen, files) = (HashSet::new(), HashSet::new());
        let mut needed = Self { cas, level: Vec::new(), seen, bytes: 0, levels: 0, files };
        needed.set_level(actions.into_iter().map(NeededMessage::Action).collect());
        needed
    }

    /// The messages of this level; none after the last one.
    #[must_use]
    pub fn level(&self) -> Vec<Digest> {
        self.level.iter().map(NeededMessage::digest).collect()
    }

    /// Goes on to the next level: reads the messages of this one, as far as they are in the store now.
    pub fn descend(&mut self) {
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
    pub fn into_files(self) -> HashSet<Digest> {
        self.files
    }

    fn parts(&self, action: &Digest) -> Option<[NeededMessage; 2]> {
        let action = read_action(self.cas, action).ok()?;
        Some([NeededMessage::Command(action.command), NeededMessage::Directory(action.input_root)])
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
    use spec_model::tree::{Directory, DirectoryNode, FileNode};
    use spec_model::{Action, Command};

    use super::*;
    use crate::{store_action, store_command};

    fn store() -> (tempfile::TempDir, Cas) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        (folder, cas)
    }

    /// A folder with a file and the folders below.
    fn folder(cas: &Cas, file: &str, below: &[(&str, Digest)]) -> Digest {
        let file = FileNode {
            name: "file".to_owned(),
            digest: Digest::of(file.as_bytes()),
            executable: false,
            properties: Default::default(),
        };
        let node =
            |(name, digest): &(&str, Digest)| DirectoryNode { name: (*name).to_owned(), digest: *digest };
        let directories = below.iter().map(node).collect();
        let directory = Directory { files: vec![file], directories, ..Directory::default() };
        cas.store_directory(&directory).expect("the store takes it")
    }

    fn action(cas: &Cas, name: &str, input_root: Digest) -> Digest {
        let command = Command { arguments: vec![name.to_owned()], ..Command::default() };
        let command = store_command(cas, &command).expect("the store takes it");
        let (timeout, salt, platform) = (None, Vec::new(), None);
        let action = Action { command, input_root, timeout, do_not_cache: false, salt, platform };
        store_action(cas, &action).expect("the store takes it")
    }

    #[test]
    fn each_level_names_what_all_actions_need_there_once() {
        let ((_here, here), (_there, there)) = (store(), store());
        let include = folder(&there, "header", &[]);
        let usr = folder(&there, "in usr", &[("include", include)]);
        let actions = ["a", "b", "c"].map(|name| {
            let own = folder(&there, name, &[]);
            action(&there, name, folder(&there, "in the root", &[("src", own), ("usr", usr)]))
        });
        let mut needed = NeededMessages::of(&here, actions);
        let mut counts = Vec::new();
        while !needed.level().is_empty() {
            counts.push(needed.level().len());
            for digest in needed.level() {
                here.put_bytes(&there.get(&digest).expect("it is there")).expect("the store works");
            }
            needed.descend();
        }
        // Actions; commands and roots; src of each and usr of all; include.
        assert_eq!(counts, [3, 6, 4, 1]);
        let files = needed.into_files();
        assert_eq!(files.len(), 6);
        assert!(
            files.iter().all(|file| here.contains(file).is_ok_and(|here| !here)),
            "no contents are needed"
        );
    }

    #[test]
    fn what_is_nowhere_or_too_large_ends_the_way_down() {
        let ((_here, here), (_there, there)) = (store(), store());
        let absent = action(&there, "cc", folder(&there, "1", &[]));
        let huge = Digest::new(*Digest::of(b"huge").hash(), 1 << 40);
        let mut needed = NeededMessages::of(&here, [absent, huge]);
        assert_eq!(needed.level(), [absent]);
        needed.descend();
        assert!(needed.level().is_empty());
    }
}
