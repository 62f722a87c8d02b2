//! Checks the fields that all requests of the Remote Asset API have.

use spec_action::wire;
use spec_model::Digest;
use spec_proto::asset::Qualifier;
use spec_proto::reapi;
use spec_proto::well_known::{Duration, Timestamp};

use crate::assets::AssetName;
use crate::from_proto;
use crate::request_error::RequestError;

/// Most URIs, and most qualifiers, of one request.
const MAX_NAMES: usize = 256;
/// Bytes of a URI, or of a qualifier's name and value together.
const MAX_BYTES: usize = 16 << 10;

/// The names of an asset, one for each URI.
///
/// # Errors
/// When there is no URI, an empty one, too many, or a qualifier twice.
pub(crate) fn names(
    uris: Vec<String>,
    mut qualifiers: Vec<Qualifier>,
    is_directory: bool,
) -> Result<Vec<AssetName>, RequestError> {
    if uris.is_empty() || uris.iter().any(String::is_empty) {
        return Err(RequestError::invalid("the request has no uris, or an empty one; expected at least one"));
    }
    if uris.len().max(qualifiers.len()) > MAX_NAMES {
        return Err(RequestError::Invalid(format!(
            "the request has more than {MAX_NAMES} uris or qualifiers"
        )));
    }
    qualifiers.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = qualifiers.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let shown: String = pair[0].name.chars().take(80).collect();
        return Err(RequestError::Invalid(format!("the qualifier '{shown}' is there twice")));
    }
    let sizes = qualifiers.iter().map(|qualifier| qualifier.name.len() + qualifier.value.len());
    if sizes.chain(uris.iter().map(String::len)).any(|size| size > MAX_BYTES) {
        return Err(RequestError::Invalid(format!("a uri or a qualifier has more than {MAX_BYTES} bytes")));
    }
    let qualifiers: Vec<String> =
        qualifiers.into_iter().flat_map(|qualifier| [qualifier.name, qualifier.value]).collect();
    let name = |uri| AssetName { uri, qualifiers: qualifiers.clone(), is_directory };
    Ok(uris.into_iter().map(name).collect())
}

/// The digests of a request.
pub(crate) fn digests(wire: &[reapi::Digest]) -> Result<Vec<Digest>, RequestError> {
    wire.iter().map(from_proto::digest).collect()
}

/// Fails when a time is not valid.
pub(crate) fn check_time(time: Option<&Timestamp>, field: &str) -> Result<(), RequestError> {
    time.map_or(Ok(()), |time| wire::check_timestamp(field, time).map_err(RequestError::Invalid))
}

/// Fails when a time-out is not valid. It has no other effect: this server answers at once.
pub(crate) fn check_timeout(timeout: Option<&Duration>) -> Result<(), RequestError> {
    timeout
        .map_or(Ok(()), |timeout| wire::duration("timeout", timeout).map(drop).map_err(RequestError::Invalid))
}

#[cfg(test)]
mod tests;
