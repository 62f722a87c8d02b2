//! Assets: what clients say that a URI stands for.
//!
//! A record lies among the store's named records, under the digest of what was asked: the URI, the qualifiers in the
//! order of their names, and whether it is a blob or a directory; each digest function has its own. It says nothing any more once something of what it
//! speaks of has left the store.

use std::collections::HashSet;
use std::time::SystemTime;

use prost::Message;
use spec_cas::{Cas, Need, Refs};
use spec_model::Digest;
use spec_proto::reapi;
use spec_proto::well_known::Timestamp;

use crate::from_proto;
use crate::refusal::Refusal;

/// All assets of a store.
#[derive(Clone, Debug)]
pub(crate) struct Assets {
    cas: Cas,
    refs: Refs,
}

/// What a URI is looked up by.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Name {
    #[prost(string, tag = "1")]
    pub(crate) uri: String,
    /// Alternately names and values, by name.
    #[prost(string, repeated, tag = "2")]
    pub(crate) qualifiers: Vec<String>,
    #[prost(bool, tag = "3")]
    pub(crate) is_directory: bool,
}

/// What a URI stands for.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Asset {
    /// The blob, or the root directory.
    #[prost(message, optional, tag = "1")]
    pub(crate) content: Option<reapi::Digest>,
    /// Blobs that it speaks of.
    #[prost(message, repeated, tag = "2")]
    pub(crate) blobs: Vec<reapi::Digest>,
    /// Roots of trees that it speaks of, its own among them if it is one.
    #[prost(message, repeated, tag = "3")]
    pub(crate) directories: Vec<reapi::Digest>,
    /// When it was pushed.
    #[prost(message, optional, tag = "4")]
    pub(crate) pushed: Option<Timestamp>,
    /// When it stops being an answer.
    #[prost(message, optional, tag = "5")]
    pub(crate) expires: Option<Timestamp>,
}

impl Assets {
    pub(crate) fn new(cas: &Cas) -> Self {
        Self { cas: cas.clone(), refs: cas.refs(&format!("assets-{}", cas.function().name())) }
    }

    /// Keeps an asset under every one of these names, in the place of earlier ones.
    pub(crate) fn put(&self, names: &[Name], asset: &Asset) -> Result<(), Refusal> {
        let paths: Vec<String> = names.iter().map(Name::path).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        Ok(self.refs.put(&paths, &asset.encode_to_vec())?)
    }

    /// The asset of this name, if there is one that was not pushed before `oldest`, has not expired, and is whole.
    pub(crate) fn find(&self, name: &Name, oldest: Option<&Timestamp>) -> Result<Option<Asset>, Refusal> {
        let path = name.path();
        // What a power failure left half-written is none.
        let found = self.refs.get(&path)?.and_then(|bytes| Asset::decode(&*bytes).ok());
        let Some(asset) = found else { return Ok(None) };
        if asset.expires.as_ref().is_some_and(|end| moment(end) <= moment(&now())) {
            self.refs.remove(&path)?;
            return Ok(None);
        }
        let too_old = oldest.is_some_and(|oldest| asset.pushed.as_ref().map(moment) < Some(moment(oldest)));
        Ok(if too_old || !self.is_whole(&asset)? { None } else { Some(asset) })
    }

    /// Which of these blobs are here.
    pub(crate) fn present_blobs(&self, mut digests: Vec<Digest>) -> Result<Vec<Digest>, Refusal> {
        let missing: HashSet<Digest> = self.cas.missing(&digests)?.into_iter().collect();
        digests.retain(|digest| !missing.contains(digest));
        Ok(digests)
    }

    /// Which of these trees are here, whole.
    pub(crate) fn present_trees(&self, digests: Vec<Digest>) -> Result<Vec<Digest>, Refusal> {
        let mut present = Vec::with_capacity(digests.len());
        for digest in digests {
            if self.cas.is_complete(&digest)? {
                present.push(digest);
            }
        }
        Ok(present)
    }

    fn is_whole(&self, asset: &Asset) -> Result<bool, Refusal> {
        let digests = |wire: &[reapi::Digest]| wire.iter().map(from_proto::digest).collect::<Result<_, _>>();
        let mut blobs: Vec<Digest> = digests(&asset.blobs)?;
        blobs.extend(asset.content.as_ref().map(from_proto::digest).transpose()?);
        let directories: Vec<Digest> = digests(&asset.directories)?;
        let (blob_count, tree_count) = (blobs.len(), directories.len());
        Ok(self.present_blobs(blobs)?.len() == blob_count
            && self.present_trees(directories)?.len() == tree_count)
    }
}

/// What the record of an asset needs; nothing when it cannot be read.
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

impl Name {
    fn path(&self) -> String {
        let hex = Digest::of(&self.encode_to_vec()).hex();
        format!("{}/{hex}", &hex[..2])
    }
}

/// The time as messages have it.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: since.as_secs().cast_signed(), nanos: since.subsec_nanos().cast_signed() }
}

/// What orders times.
fn moment(time: &Timestamp) -> (i64, i32) {
    (time.seconds, time.nanos)
}
