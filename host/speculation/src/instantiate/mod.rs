//! Instantiates adapted actions: makes the action that the next build will request from a recorded one.
//!
//! It reads and writes messages only: the action, its command if a tree of dependencies changed, and the directories that
//! contain changed inputs. It does not read the contents of files.

#[cfg(test)]
mod tests;
mod tree_digests;
mod tree_edit;

use spec_action::wire;
use spec_cas::{Cas, DirectoryBatch};
use spec_model::Digest;
use spec_proto::Message;

use crate::error::Result;
use crate::message;
use crate::record::Content;

pub(crate) use tree_digests::trees_named_in;

/// The differences of an adapted action from the recorded one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adaptation {
    /// Paths of the input root with their new contents; `None` for a path that is removed.
    pub inputs: Vec<(String, Option<Content>)>,
    /// Trees of dependencies: the recorded ones and the new ones.
    pub trees: Vec<(Digest, Digest)>,
}

/// An instantiated action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instantiated {
    /// The recorded action itself.
    Unchanged,
    /// Another action.
    Adapted {
        /// The encoded Action.
        action: Digest,
        /// The encoded Command.
        command: Digest,
        /// Its input root.
        input_root: Digest,
    },
}

/// Instantiates many actions, and stores all new messages together.
#[derive(Debug)]
pub struct Instantiator<'a> {
    cas: &'a Cas,
    directories: DirectoryBatch,
    messages: Vec<Vec<u8>>,
}

impl<'a> Instantiator<'a> {
    /// An instantiator for a store.
    #[must_use]
    pub fn new(cas: &'a Cas) -> Self {
        Self { cas, directories: DirectoryBatch::new(cas.function()), messages: Vec::new() }
    }

    /// Instantiates the adaptation of `base`. The new action is in the store after [`finish`](Self::finish).
    ///
    /// # Errors
    /// `cas-missing` when a message is not in the store, `speculation-bad-action`, `cas-bad-path`, `cas-collision` when a
    /// directory would replace a file.
    pub fn adapt(&mut self, base: &Digest, adaptation: &Adaptation) -> Result<Instantiated> {
        let mut message = message::action(self.cas, base)?;
        let old_root = message.input_root(base)?;
        let old_command = message.command(base)?;
        let input_root = tree_edit::edit(self.cas, &mut self.directories, &old_root, &adaptation.inputs)?;
        let replacements: Vec<(String, String)> =
            adaptation.trees.iter().map(|(old, new)| (old.to_string(), new.to_string())).collect();
        let command = self.command(&old_command, &replacements)?;
        if let Some(platform) = &mut message.0.platform {
            tree_digests::replace_platform(platform, &replacements);
        }
        message.0.input_root_digest = Some(wire::digest_to_proto(&input_root));
        message.0.command_digest = Some(wire::digest_to_proto(&command));
        let bytes = message.0.encode_to_vec();
        let action = self.cas.function().of(&bytes);
        if action == *base {
            return Ok(Instantiated::Unchanged);
        }
        self.messages.push(bytes);
        Ok(Instantiated::Adapted { action, command, input_root })
    }

    /// Stores the new messages.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn finish(self) -> Result<()> {
        // In this order, an action in the store is always complete.
        self.directories.store(self.cas)?;
        let messages: Vec<&[u8]> = self.messages.iter().map(Vec::as_slice).collect();
        self.cas.put_many(&messages)?;
        Ok(())
    }

    fn command(&mut self, old: &Digest, replacements: &[(String, String)]) -> Result<Digest> {
        if replacements.is_empty() {
            return Ok(*old);
        }
        let mut command = message::command(self.cas, old)?;
        tree_digests::replace_command(&mut command, replacements);
        let bytes = command.encode_to_vec();
        let digest = self.cas.function().of(&bytes);
        if digest != *old {
            self.messages.push(bytes);
        }
        Ok(digest)
    }
}
