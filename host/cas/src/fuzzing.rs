//! Public functions of the codec for the fuzz targets. Compiled for them alone.

use spec_model::tree::Directory;

use crate::codec;

/// The bytes of a directory.
#[must_use]
pub fn encode(directory: &Directory) -> Vec<u8> {
    codec::encode(directory)
}

/// The directory of a message.
///
/// # Errors
/// Which rule the message breaks.
pub fn decode(bytes: &[u8]) -> Result<Directory, String> {
    codec::decode(bytes)
}

/// The directories of a `Tree` message, the root first.
///
/// # Errors
/// What is wrong with it.
pub fn decode_tree(bytes: &[u8]) -> Result<Vec<Directory>, String> {
    codec::decode_tree(bytes)
}

/// The `Tree` message of encoded directories.
#[must_use]
pub fn encode_tree(root: &[u8], children: &[Vec<u8>]) -> Vec<u8> {
    codec::encode_tree(root, children.iter().map(Vec::as_slice))
}
