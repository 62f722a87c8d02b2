//! What the fuzz targets reach of resource names. Compiled for them alone.

use spec_model::{Digest, DigestFunction};

use crate::resource::{self, Resource};

/// Instance, function, digest, and whether the data is compressed.
pub type Parts = (String, DigestFunction, Digest, bool);

/// What a name to read says; `None` when it is refused.
#[must_use]
pub fn to_read(name: &str) -> Option<Parts> {
    Resource::to_read(name).ok().map(parts)
}

/// What a name to write says; `None` when it is refused.
#[must_use]
pub fn to_write(name: &str) -> Option<Parts> {
    Resource::to_write(name).ok().map(parts)
}

/// The name that a blob is read by, without the instance.
#[must_use]
pub fn name(function: DigestFunction, digest: &Digest) -> String {
    resource::name(function, digest)
}

fn parts(resource: Resource) -> Parts {
    (resource.instance, resource.function, resource.digest, resource.zstd)
}
