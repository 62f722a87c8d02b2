//! Reads Action and Command messages. They stay messages, so that all their fields are kept when they are adapted.

use spec_action::wire;
use spec_cas::Cas;
use spec_model::Digest;
use spec_proto::{Message, reapi};

use crate::error::{Result, SpeculationError};

/// The largest message that is read, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// An action message.
#[derive(Clone, Debug)]
pub(crate) struct ActionMessage(pub(crate) reapi::Action);

/// The action with this digest.
///
/// # Errors
/// `speculation-bad-action` also when encoding it again gives other bytes: an adapted action would not have the digest
/// that the client asks for then.
pub(crate) fn action(cas: &Cas, digest: &Digest) -> Result<ActionMessage> {
    decode(cas, "Action", digest).map(ActionMessage)
}

/// The command with this digest.
///
/// # Errors
/// As [`action`].
pub(crate) fn command(cas: &Cas, digest: &Digest) -> Result<reapi::Command> {
    decode(cas, "Command", digest)
}

/// Program and arguments of a Command; empty when it cannot be read.
#[must_use]
pub fn command_arguments(cas: &Cas, digest: &Digest) -> Vec<String> {
    command(cas, digest).map_or_else(|_| Vec::new(), |command| command.arguments)
}

fn decode<M: Message + Default>(cas: &Cas, what: &'static str, digest: &Digest) -> Result<M> {
    let bad = |why: String| SpeculationError::BadAction { what, digest: *digest, why };
    if digest.size() > MAX_SIZE {
        return Err(bad(format!("it is larger than {MAX_SIZE} bytes")));
    }
    let bytes = cas.get(digest)?;
    let message = M::decode(&*bytes).map_err(|error| bad(error.to_string()))?;
    match message.encode_to_vec() == bytes {
        true => Ok(message),
        false => Err(bad(
            "it has fields that spec-host does not know, or fields in another order than spec-host writes"
                .to_owned(),
        )),
    }
}

impl ActionMessage {
    /// Its input root. `digest` is that of the action.
    pub(crate) fn input_root(&self, digest: &Digest) -> Result<Digest> {
        self.field(digest, "input_root_digest", &self.0.input_root_digest)
    }

    /// Its command. `digest` is that of the action.
    pub(crate) fn command(&self, digest: &Digest) -> Result<Digest> {
        self.field(digest, "command_digest", &self.0.command_digest)
    }

    fn field(&self, own: &Digest, name: &str, field: &Option<reapi::Digest>) -> Result<Digest> {
        let bad = |why: String| SpeculationError::BadAction { what: "Action", digest: *own, why };
        wire::digest(name, field.clone()).map_err(bad)
    }
}
