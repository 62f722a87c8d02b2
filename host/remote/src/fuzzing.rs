//! What the fuzz targets reach of names and addresses. Compiled for them alone.

use spec_model::{Digest, DigestFunction};

use crate::{Address, wire};

/// The name of a blob to read.
#[must_use]
pub fn to_read(instance: &str, function: DigestFunction, digest: &Digest, zstd: bool) -> String {
    wire::to_read(instance, function, digest, zstd)
}

/// The name of a blob to write.
#[must_use]
pub fn to_write(instance: &str, function: DigestFunction, digest: &Digest, zstd: bool) -> String {
    wire::to_write(instance, function, digest, zstd)
}

/// What the transport is told of an address.
#[must_use]
pub fn uri(address: &Address) -> String {
    address.uri()
}
