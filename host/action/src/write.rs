//! Actions and commands into the store.

use spec_cas::{Cas, CasError};
use spec_model::{Action, Command, Digest};
use spec_proto::Message;

use crate::wire;

/// Stores an action, and answers with the digest to request it by.
///
/// # Errors
/// When the store fails.
pub fn store_action(cas: &Cas, action: &Action) -> Result<Digest, CasError> {
    cas.put_bytes(&wire::action_to_proto(action).encode_to_vec())
}

/// Stores a command, and answers with the digest that actions name it by.
///
/// # Errors
/// When the store fails.
pub fn store_command(cas: &Cas, command: &Command) -> Result<Digest, CasError> {
    cas.put_bytes(&wire::command_to_proto(command).encode_to_vec())
}
