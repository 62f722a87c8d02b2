//! The misses of a build: predictions that were wrong or late. They are stored with the artifact, for `why-miss`.

use spec_action::wire;
use spec_cas::Cas;
use spec_model::Digest;
use spec_proto::Message;
use spec_proto::spec::v1 as proto;

use crate::error::{Result, SpeculationError};

/// A recorded action whose result was not in the action cache when the build requested it, or that was not requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The action that was recorded.
    pub recorded: Digest,
    /// The last action that was predicted in its place.
    pub predicted: Option<Digest>,
    /// The action that the build requested in its place.
    pub requested: Option<Digest>,
    /// The name of its bucket: see [`Bucket::name`](crate::Bucket::name).
    pub bucket: String,
    /// What the prediction waited for when the build requested the action, such as `the artifact of dep.bst`.
    pub waited_for: Option<String>,
}

/// Stores misses as one blob (`spec.v1.Misses`).
///
/// # Errors
/// When the store fails.
pub fn store_misses(cas: &Cas, misses: &[Miss]) -> Result<Digest> {
    let message = proto::Misses { misses: misses.iter().map(to_proto).collect() };
    Ok(cas.put_bytes(&message.encode_to_vec())?)
}

/// Loads the misses of a blob.
///
/// # Errors
/// `cas-missing`, `speculation-bad-record`, or when the store fails.
pub fn load_misses(cas: &Cas, blob: &Digest) -> Result<Vec<Miss>> {
    let damaged = |why: String| SpeculationError::BadRecord { digest: *blob, why };
    let bytes = cas.get(blob)?;
    let message = proto::Misses::decode(bytes.as_slice()).map_err(|error| damaged(error.to_string()))?;
    message.misses.into_iter().map(from_proto).collect::<std::result::Result<_, _>>().map_err(damaged)
}

fn to_proto(miss: &Miss) -> proto::Miss {
    proto::Miss {
        recorded: Some(wire::digest_to_proto(&miss.recorded)),
        predicted: miss.predicted.as_ref().map(wire::digest_to_proto),
        requested: miss.requested.as_ref().map(wire::digest_to_proto),
        end: miss.bucket.clone(),
        waited_for: miss.waited_for.clone().unwrap_or_default(),
    }
}

fn from_proto(miss: proto::Miss) -> std::result::Result<Miss, String> {
    let maybe =
        |field: &str, given: Option<_>| given.map(|given| wire::digest(field, Some(given))).transpose();
    Ok(Miss {
        recorded: wire::digest("recorded", miss.recorded)?,
        predicted: maybe("predicted", miss.predicted)?,
        requested: maybe("requested", miss.requested)?,
        bucket: miss.end,
        waited_for: Some(miss.waited_for).filter(|text| !text.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use spec_model::UserError;

    use super::*;
    use crate::testing::Store;

    #[test]
    fn stored_misses_are_loaded() {
        let store = Store::new();
        let digest = |text: &str| Digest::of(text.as_bytes());
        let miss = |predicted, requested, bucket: &str| Miss {
            recorded: digest("recorded"),
            predicted,
            requested,
            bucket: bucket.to_owned(),
            waited_for: bucket.starts_with("pending").then(|| "the artifact of dep.bst".to_owned()),
        };
        let misses =
            [miss(Some(digest("a")), Some(digest("b")), "unused"), miss(None, None, "pending-artifact")];
        let blob = store_misses(&store.cas, &misses).expect("it is stored");
        assert_eq!(load_misses(&store.cas, &blob).expect("it is read"), misses);
        let none = store_misses(&store.cas, &[]).expect("it is stored");
        assert_eq!(load_misses(&store.cas, &none).expect("it is read"), []);
        let damaged = store.cas.put_bytes(b"\x0a\x02\x08\x01").expect("it is stored");
        let error = load_misses(&store.cas, &damaged).expect_err("the blob is damaged");
        assert_eq!(error.reason(), "speculation-bad-record");
    }
}
