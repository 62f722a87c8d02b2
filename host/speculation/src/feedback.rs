//! What a real request tells about predictions that are still open.

use spec_cas::Cas;
use spec_model::Digest;

use crate::error::Result;
use crate::expand::ExpandedAction;
use crate::lookup::content_at;
use crate::message;
use crate::record::{Content, InputId, Record};

/// A real request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The encoded Action.
    pub action: Digest,
    /// The encoded Command.
    pub command: Digest,
    /// The root of its inputs.
    pub input_root: Digest,
}

impl Request {
    /// What an action asks for.
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

    /// What the inputs of the recorded action are in this request. An input that the request does not have is left out:
    /// its set of inputs is another one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn shows(
        &self,
        cas: &Cas,
        record: &Record,
        action: &ExpandedAction,
    ) -> Result<Vec<(InputId, Content)>> {
        let mut shown = Vec::new();
        for id in &action.inputs {
            let path = record.paths.text(record.inputs[id.0 as usize].path);
            if let Some(content) = content_at(cas, &self.input_root, &path)? {
                shown.push((*id, content));
            }
        }
        Ok(shown)
    }
}
