//! The subactions of results. REAPI's `ActionResult` has no field for them; buildbox's has number 99.

use prost::Message;
use spec_model::{ActionResult, Digest};
use spec_proto::reapi;

/// What buildbox's `ActionResult` has beyond REAPI's. Two encodings of a message, one after the other, are one.
#[derive(Clone, PartialEq, Message)]
struct Extension {
    #[prost(message, repeated, tag = "99")]
    subactions: Vec<reapi::Digest>,
}

/// REAPI's `ExecuteResponse`, of which only the field `result` counts here.
#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    result: Option<Extension>,
}

/// An encoded result, with its subactions.
#[must_use]
pub fn action_result_to_bytes(result: &ActionResult) -> Vec<u8> {
    let mut bytes = super::action_result_to_proto(result).encode_to_vec();
    bytes.extend(extension(result).encode_to_vec());
    bytes
}

/// A result, with its subactions.
///
/// # Errors
/// What is wrong with it.
pub fn action_result_from_bytes(bytes: &[u8]) -> Result<ActionResult, String> {
    let malformed = |error: prost::DecodeError| error.to_string();
    let result = super::action_result(reapi::ActionResult::decode(bytes).map_err(malformed)?)?;
    let extension = Extension::decode(bytes).map_err(malformed)?;
    Ok(ActionResult { subactions: digests(extension.subactions)?, ..result })
}

/// Adds the subactions of a result to the encoded `ExecuteResponse` that has the result.
pub fn add_subactions(response: &mut Vec<u8>, result: &ActionResult) {
    if !result.subactions.is_empty() {
        response.extend(Response { result: Some(extension(result)) }.encode_to_vec());
    }
}

/// The subactions of the result in an encoded `ExecuteResponse`.
///
/// # Errors
/// What is wrong with them.
pub fn subactions_of_response(response: &[u8]) -> Result<Vec<Digest>, String> {
    let decoded = Response::decode(response).map_err(|error| error.to_string())?;
    digests(decoded.result.unwrap_or_default().subactions)
}

/// Digests of actions.
pub(super) fn digests(messages: Vec<reapi::Digest>) -> Result<Vec<Digest>, String> {
    messages.into_iter().map(|digest| super::digest("digest of a subaction", Some(digest))).collect()
}

fn extension(result: &ActionResult) -> Extension {
    Extension { subactions: result.subactions.iter().map(super::digest_to_proto).collect() }
}

#[cfg(test)]
mod tests;
