//! Actions and commands from the store.

use spec_cas::{Cas, CasError};
use spec_model::{Action, Command, Digest};
use spec_proto::{Message, reapi};

use crate::{ActionReadError, wire};

/// Bytes of the largest action or command that is read. Clients could fill our memory with larger ones.
const MAX_MESSAGE_SIZE: u64 = 64 << 20;

/// The action with this digest.
///
/// # Errors
/// [`ActionReadError::Missing`], [`ActionReadError::Invalid`], or when the store fails.
pub fn read_action(cas: &Cas, digest: &Digest) -> Result<Action, ActionReadError> {
    decode::<reapi::Action, _>(cas, digest, "Action", wire::action)
}

/// The command with this digest.
///
/// # Errors
/// As [`read_action`].
pub fn read_command(cas: &Cas, digest: &Digest) -> Result<Command, ActionReadError> {
    decode::<reapi::Command, _>(cas, digest, "Command", wire::command)
}

/// The command of the action with this digest.
///
/// # Errors
/// As [`read_action`].
pub fn command_of_action(cas: &Cas, action: &Digest) -> Result<Command, ActionReadError> {
    read_command(cas, &read_action(cas, action)?.command)
}

fn decode<M: Message + Default, T>(
    cas: &Cas,
    digest: &Digest,
    message: &'static str,
    convert: impl FnOnce(M) -> Result<T, String>,
) -> Result<T, ActionReadError> {
    let invalid = |why: String| ActionReadError::Invalid { message, digest: *digest, why };
    if digest.size() > MAX_MESSAGE_SIZE {
        return Err(invalid(format!("it has {} bytes; the limit is {MAX_MESSAGE_SIZE}", digest.size())));
    }
    let bytes = cas.get(digest).map_err(|error| match error {
        CasError::Missing { .. } | CasError::Corrupt { .. } => {
            ActionReadError::Missing { message, digest: *digest }
        }
        other => other.into(),
    })?;
    let decoded = M::decode(&*bytes).map_err(|error| invalid(error.to_string()))?;
    convert(decoded).map_err(invalid)
}
