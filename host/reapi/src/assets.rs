//! Assets of the Remote Asset API: which contents clients pushed for a URI.
//!
//! A record is kept among the store's named records, under the digest of the asset's name: the URI, the qualifiers in the
//! order of their names, and whether it is a blob or a directory. Each digest function has its own records. A record is
//! not used any more when a blob or tree that it refers to has left the store.

use std::collections::HashSet;
use std::time::SystemTime;

use prost::Message;
use spec_cas::{Cas, Need, Refs};
use spec_model::Digest;
use spec_proto::reapi;
use spec_proto::well_known::Timestamp;

use crate::from_proto;
use crate::request_error::RequestError;

/// The assets of one store.
#[derive(Clone, Debug)]
pub(crate) struct Assets {
    cas: Cas,
    refs: Refs,
}

/// The name that an asset is looked up by.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AssetName {
    #[prost(string, tag = "1")]
    pub(crate) uri: String,
    /// Names and values alternately, sorted by name.
    #[prost(string, repeated, tag = "2")]
    pub(crate) qualifiers: Vec<String>,
    #[prost(bool, tag = "3")]
    pub(crate) is_directory: bool,
}

/// The contents that were pushed for a name.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Asset {
    /// The blob, or the root directory.
    #[prost(message, optional, tag = "1")]
    pub(crate) content: Option<reapi::Digest>,
    /// Blobs that the content refers to.
    #[prost(message, repeated, tag = "2")]
    pub(crate) blobs: Vec<reapi::Digest>,
    /// Roots of trees that the content refers to; its own if it is a directory.
    #[prost(message, repeated, tag = "3")]
    pub(crate) directories: Vec<reapi::Digest>,
    /// When it was pushed.
    #[prost(message, optional, tag = "4")]
    pub(crate) pushed: Option<Timestamp>,
    /// When it expires.
    #[prost(message, optional, tag = "5")]
    pub(crate) expires: Option<Timestamp>,
}

impl Assets {
    pub(crate) fn new(cas: &Cas) -> Self {
        Self { cas: cas.clone(), refs: cas.refs(&format!("assets-{}", cas.function().name())) }
    }

    /// Stores an asset under each of these names, and replaces earlier ones.
    pub(crate) fn put(&self, names: &[AssetName], asset: &Asset) -> Result<(), RequestError> {
        let paths: Vec<String> = names.iter().map(AssetName::path).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        Ok(self.refs.put(&paths, &asset.encode_to_vec())?)
    }

    /// The asset of this name, if there is one that was not pushed before `oldest`, has not expired, and whose blobs
    /// and trees are all in the store.
    pub(crate) fn find(
        &self,
        name: &AssetName,
        oldest: Option<&Timestamp>,
    ) -> Result<Option<Asset>, RequestError> {
        let path = name.path();
        // A record that a power failure left incomplete is ignored.
        let found = self.refs.get(&path)?.and_then(|bytes| Asset::decode(&*bytes).ok());
        let Some(asset) = found else { return Ok(None) };
        if asset.expires.as_ref().is_some_and(|end| order_key(end) <= order_key(&timestamp_now())) {
            self.refs.remove(&path)?;
            return Ok(None);
        }
        let too_old =
            oldest.is_some_and(|oldest| asset.pushed.as_ref().map(order_key) < Some(order_key(oldest)));
        Ok(if too_old || !self.is_complete(&asset)? { None } else { Some(asset) })
    }

    /// Those of these blobs that are in the store.
    pub(crate) fn present_blobs(&self, mut digests: Vec<Digest>) -> Result<Vec<Digest>, RequestError> {
        let missing: HashSet<Digest> = self.cas.missing(&digests)?.into_iter().collect();
        digests.retain(|digest| !missing.contains(digest));
        Ok(digests)
    }

    /// Those of these trees that are completely in the store.
    pub(crate) fn present_trees(&self, digests: Vec<Digest>) -> Result<Vec<Digest>, RequestError> {
        let mut present = Vec::with_capacity(digests.len());
        for digest in digests {
            if self.cas.is_complete(&digest)? {
                present.push(digest);
            }
        }
        Ok(present)
    }

    fn is_complete(&self, asset: &Asset) -> Result<bool, RequestError> {
        let digests = |wire: &[reapi::Digest]| wire.iter().map(from_proto::digest).collect::<Result<_, _>>();
        let mut blobs: Vec<Digest> = digests(&asset.blobs)?;
        blobs.extend(asset.content.as_ref().map(from_proto::digest).transpose()?);
        let directories: Vec<Digest> = digests(&asset.directories)?;
        let (blob_count, tree_count) = (blobs.len(), directories.len());
        Ok(self.present_blobs(blobs)?.len() == blob_count
            && self.present_trees(directories)?.len() == tree_count)
    }
}

/// The blobs and trees that the record of an asset needs; none when the record cannot be decoded.
#[must_use]
pub fn asset_needs(record: &[u8]) -> Vec<Need> {
    let asset = Asset::decode(record).unwrap_or_default();
    let digests = |wire: &[reapi::Digest]| -> Vec<Digest> {
        wire.iter().filter_map(|digest| from_proto::digest(digest).ok()).collect()
    };
    let trees = digests(&asset.directories).into_iter().map(Need::Tree);
    let blobs = digests(&asset.blobs).into_iter().chain(digests(asset.content.as_slice()));
    trees.chain(blobs.map(Need::Blob)).collect()
}

impl AssetName {
    fn path(&self) -> String {
        let hex = Digest::of(&self.encode_to_vec()).hex();
        format!("{}/{hex}", &hex[..2])
    }
}

/// The present time as messages have it.
pub(crate) fn timestamp_now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: since.as_secs().cast_signed(), nanos: since.subsec_nanos().cast_signed() }
}

/// Orders times.
fn order_key(time: &Timestamp) -> (i64, i32) {
    (time.seconds, time.nanos)
}
