//! Manifests of images: the list of an image's layers, or of the images for several platforms.

use serde::Deserialize;

use crate::index_error::IndexError;
use crate::text_ref::is_sha256;

const EXPECTED: &str = "the manifest of an image";

/// The forms of manifests that are understood.
pub(crate) const ACCEPT: &str = "application/vnd.docker.distribution.manifest.v2+json,\
     application/vnd.docker.distribution.manifest.list.v2+json,\
     application/vnd.oci.image.index.v1+json,\
     application/vnd.oci.image.manifest.v1+json";
const IMAGES: [&str; 2] =
    ["application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json"];
/// The form that is assumed of a manifest that says nothing.
pub(crate) const IMAGE: &str = IMAGES[1];
const INDEXES: [&str; 2] =
    ["application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"];
const LAYERS: [&str; 2] =
    ["application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"];

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manifest {
    /// That of an image, with the SHA-256 of its layers, the lowest first.
    Image(Vec<Layer>),
    /// Those of an image for several platforms.
    Index(Vec<PlatformManifest>),
}

/// A layer of an image: a tar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) sha256: String,
    /// Bytes of its archive.
    pub(crate) size: u64,
}

/// The image for a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlatformManifest {
    pub(crate) sha256: String,
    pub(crate) architecture: String,
    pub(crate) os: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestFile {
    schema_version: u64,
    media_type: Option<String>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    architecture: String,
    os: String,
}

impl Manifest {
    /// Reads a manifest. The header of the answer says what it is, if it does not.
    ///
    /// # Errors
    /// `index-answer`.
    pub(crate) fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Self, IndexError> {
        let file: ManifestFile = serde_json::from_slice(bytes).map_err(wrong)?;
        if file.schema_version != 2 {
            return Err(wrong(format!("its version is {}, expected 2", file.schema_version)));
        }
        let kind = file.media_type.as_deref().or(content_type).unwrap_or_default();
        if IMAGES.contains(&kind) {
            return Ok(Self::Image(file.layers.into_iter().map(Layer::of).collect::<Result<_, _>>()?));
        }
        if INDEXES.contains(&kind) {
            let manifests = file.manifests.into_iter().filter_map(PlatformManifest::of);
            return Ok(Self::Index(manifests.collect::<Result<_, _>>()?));
        }
        Err(wrong(format!("it is '{}'", kind.escape_debug())))
    }
}

impl Layer {
    fn of(descriptor: Descriptor) -> Result<Self, IndexError> {
        let Descriptor { media_type, digest, size, .. } = descriptor;
        if !LAYERS.contains(&media_type.as_str()) {
            let why =
                format!("a layer is '{}', expected a tar compressed by gzip", media_type.escape_debug());
            return Err(wrong(why));
        }
        Ok(Self { sha256: sha256(&digest)?, size })
    }
}

impl PlatformManifest {
    fn of(descriptor: Descriptor) -> Option<Result<Self, IndexError>> {
        let Platform { architecture, os } = descriptor.platform?;
        Some(sha256(&descriptor.digest).map(|sha256| Self { sha256, architecture, os }))
    }
}

fn sha256(digest: &str) -> Result<String, IndexError> {
    let found = digest.strip_prefix("sha256:").filter(|hex| is_sha256(hex)).map(str::to_owned);
    found.ok_or_else(|| wrong(format!("'{}' is not a digest of SHA-256", digest.escape_debug())))
}

pub(crate) fn wrong(why: impl ToString) -> IndexError {
    IndexError::answer(EXPECTED, why)
}

#[cfg(test)]
mod tests;
