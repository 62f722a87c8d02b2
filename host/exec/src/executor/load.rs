//! Actions and commands out of the store.

use spec_cas::Cas;
use spec_model::{Action, Command, Digest};
use spec_proto::{Message, reapi};

use super::ActionError;
use crate::wire;

/// No action or command is larger; a client that says so wants us to fill our memory.
const LARGEST: u64 = 64 << 20;

/// The action with this digest.
pub(crate) fn action(cas: &Cas, digest: &Digest) -> Result<Action, ActionError> {
    decode::<reapi::Action, _>(cas, digest, "Action", wire::action)
}

/// The command with this digest.
pub(crate) fn command(cas: &Cas, digest: &Digest) -> Result<Command, ActionError> {
    decode::<reapi::Command, _>(cas, digest, "Command", wire::command)
}

fn decode<M: Message + Default, T>(
    cas: &Cas,
    digest: &Digest,
    name: &str,
    convert: impl FnOnce(M) -> Result<T, String>,
) -> Result<T, ActionError> {
    let invalid = |why: String| ActionError::invalid(format!("the {name} {digest}: {why}"));
    if digest.size() > LARGEST {
        return Err(invalid(format!("it is larger than {LARGEST} bytes")));
    }
    let bytes = cas.get(digest)?;
    let message = M::decode(&*bytes).map_err(|error| invalid(error.to_string()))?;
    convert(message).map_err(invalid)
}
