//! From a recorded action to the one that the next build will ask for.
//!
//! Only messages are read and written: the action, its command if a platform changed, and the directories on the way
//! to what changed. Contents of files are never touched.

#[cfg(test)]
mod tests;
mod text;
mod tree;

use spec_cas::{Cas, DirectoryBatch};
use spec_exec::wire;
use spec_model::Digest;
use spec_proto::Message;

use crate::error::Result;
use crate::message;
use crate::record::Content;

pub(crate) use text::named;

/// What is different from the recorded action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adaptation {
    /// What is at which path of the input root now; `None` for nothing.
    pub inputs: Vec<(String, Option<Content>)>,
    /// Trees of dependencies: what they were and what they are.
    pub trees: Vec<(Digest, Digest)>,
}

/// An instantiated action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instantiated {
    /// It is the recorded one, so there is nothing to run.
    Unchanged,
    /// It is another one.
    Adapted {
        /// The encoded Action.
        action: Digest,
        /// The encoded Command.
        command: Digest,
        /// The root of its inputs.
        input_root: Digest,
    },
}

/// Adapts many actions, and stores all that is new at once.
#[derive(Debug)]
pub struct Instantiator<'a> {
    cas: &'a Cas,
    directories: DirectoryBatch,
    messages: Vec<Vec<u8>>,
}

impl<'a> Instantiator<'a> {
    /// One that has adapted nothing.
    #[must_use]
    pub fn new(cas: &'a Cas) -> Self {
        Self { cas, directories: DirectoryBatch::new(cas.function()), messages: Vec::new() }
    }

    /// The action that `base` becomes. It is in the store after [`finish`](Self::finish).
    ///
    /// # Errors
    /// `cas-missing` when a message is not here, `speculation-bad-action`, `cas-bad-path`, `cas-collision` when a
    /// directory would have to be where something else is.
    pub fn adapt(&mut self, base: &Digest, adaptation: &Adaptation) -> Result<Instantiated> {
        let mut message = message::action(self.cas, base)?;
        let old_root = message.input_root(base)?;
        let old_command = message.command(base)?;
        let input_root = tree::edit(self.cas, &mut self.directories, &old_root, &adaptation.inputs)?;
        let swaps: Vec<(String, String)> =
            adaptation.trees.iter().map(|(old, new)| (old.to_string(), new.to_string())).collect();
        let command = self.command(&old_command, &swaps)?;
        if let Some(platform) = &mut message.0.platform {
            text::replace_platform(platform, &swaps);
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

    /// Stores what is new.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn finish(self) -> Result<()> {
        // Whoever finds the action finds all of it.
        self.directories.store(self.cas)?;
        let messages: Vec<&[u8]> = self.messages.iter().map(Vec::as_slice).collect();
        self.cas.put_many(&messages)?;
        Ok(())
    }

    fn command(&mut self, old: &Digest, swaps: &[(String, String)]) -> Result<Digest> {
        if swaps.is_empty() {
            return Ok(*old);
        }
        let mut command = message::command(self.cas, old)?;
        text::replace_command(&mut command, swaps);
        let bytes = command.encode_to_vec();
        let digest = self.cas.function().of(&bytes);
        if digest != *old {
            self.messages.push(bytes);
        }
        Ok(digest)
    }
}
