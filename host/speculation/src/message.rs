//! Actions and commands as messages, so that what we do not know of them stays as it is.

use spec_cas::Cas;
use spec_exec::wire;
use spec_model::Digest;
use spec_proto::{Message, reapi};

use crate::error::{Result, SpeculationError};

/// No action or command is larger; one that says so wants us to fill our memory.
const LARGEST: u64 = 64 << 20;

/// An action as its client wrote it.
#[derive(Clone, Debug)]
pub(crate) struct ActionMessage(pub(crate) reapi::Action);

/// The action with this digest.
///
/// # Errors
/// `speculation-bad-action` also when our encoding of it would have other bytes: no adaptation could be met then.
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

fn decode<M: Message + Default>(cas: &Cas, what: &'static str, digest: &Digest) -> Result<M> {
    let bad = |why: String| SpeculationError::BadAction { what, digest: *digest, why };
    if digest.size() > LARGEST {
        return Err(bad(format!("it is larger than {LARGEST} bytes")));
    }
    let bytes = cas.get(digest)?;
    let message = M::decode(&*bytes).map_err(|error| bad(error.to_string()))?;
    match message.encode_to_vec() == bytes {
        true => Ok(message),
        false => Err(bad("it has fields that are not known or not in order".to_owned())),
    }
}

impl ActionMessage {
    /// The root of its inputs. `digest` is the action's own.
    pub(crate) fn input_root(&self, digest: &Digest) -> Result<Digest> {
        self.field(digest, "input_root_digest", &self.0.input_root_digest)
    }

    /// Its command. `digest` is the action's own.
    pub(crate) fn command(&self, digest: &Digest) -> Result<Digest> {
        self.field(digest, "command_digest", &self.0.command_digest)
    }

    fn field(&self, own: &Digest, name: &str, field: &Option<reapi::Digest>) -> Result<Digest> {
        let bad = |why: String| SpeculationError::BadAction { what: "Action", digest: *own, why };
        wire::digest(name, field.clone()).map_err(bad)
    }
}
