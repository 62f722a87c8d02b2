//! Entry points of the fuzz targets to resource names and addresses. Compiled with `cfg(fuzzing)` only.

use spec_model::{Digest, DigestFunction};

use crate::{Address, wire};

/// The name of a blob to read.
#[must_use]
pub fn to_read(instance: &str, function: DigestFunction, digest: &Digest, zstd: bool) -> String {
    wire::read_name(instance, function, digest, zstd)
}

/// The name of a blob to write.
#[must_use]
pub fn to_write(instance: &str, function: DigestFunction, digest: &Digest, zstd: bool) -> String {
    wire::write_name(instance, function, digest, zstd)
}

/// The URI that the transport connects to.
#[must_use]
pub fn uri(address: &Address) -> String {
    address.uri()
}
