//! Public functions for the fuzz targets of records. Compiled for them alone.

use spec_proto::Message;

use crate::{Artifact, to_proto};

/// The record of an artifact.
#[must_use]
pub fn encode(artifact: &Artifact) -> Vec<u8> {
    to_proto::artifact(artifact).encode_to_vec()
}
