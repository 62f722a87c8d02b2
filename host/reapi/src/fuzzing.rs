//! Entry points of the fuzz targets to resource names. Compiled with `cfg(fuzzing)` only.

use spec_model::{Digest, DigestFunction};

use crate::resource_name::{self, ResourceName};

/// Instance, function, digest, and whether the data is compressed.
pub type Parts = (String, DigestFunction, Digest, bool);

/// Parses a name to read; `None` when it is rejected.
#[must_use]
pub fn to_read(name: &str) -> Option<Parts> {
    ResourceName::parse_read(name).ok().map(parts)
}

/// Parses a name to write; `None` when it is rejected.
#[must_use]
pub fn to_write(name: &str) -> Option<Parts> {
    ResourceName::parse_write(name).ok().map(parts)
}

/// The name that a blob is read by, without the instance.
#[must_use]
pub fn name(function: DigestFunction, digest: &Digest) -> String {
    resource_name::blob_name(function, digest)
}

fn parts(resource: ResourceName) -> Parts {
    (resource.instance, resource.function, resource.digest, resource.zstd)
}
