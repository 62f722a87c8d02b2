//! Actions that the build requests, and the contents of inputs that they show.

use spec_cas::Cas;
use spec_model::Digest;

use crate::error::Result;
use crate::expanded_record::ExpandedAction;
use crate::lookup::content_at;
use crate::message;
use crate::record::{Content, InputId, Record};

/// An action that the build requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedAction {
    /// The encoded Action.
    pub action: Digest,
    /// The encoded Command.
    pub command: Digest,
    /// Its input root.
    pub input_root: Digest,
}

impl RequestedAction {
    /// Reads an action.
    ///
    /// # Errors
    /// `cas-missing`, or `speculation-bad-action`.
    pub fn of(cas: &Cas, action: &Digest) -> Result<Self> {
        let message = message::action(cas, action)?;
        Ok(Self {
            action: *action,
            command: message.command(action)?,
            input_root: message.input_root(action)?,
        })
    }

    /// The contents that the inputs of a recorded action have in this one. Inputs that this one does not have are left
    /// out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn observed_inputs(
        &self,
        cas: &Cas,
        record: &Record,
        action: &ExpandedAction,
    ) -> Result<Vec<(InputId, Content)>> {
        let mut observed = Vec::new();
        for id in &action.inputs {
            let path = record.paths.text(record.inputs[id.0 as usize].path);
            if let Some(content) = content_at(cas, &self.input_root, &path)? {
                observed.push((*id, content));
            }
        }
        Ok(observed)
    }
}
