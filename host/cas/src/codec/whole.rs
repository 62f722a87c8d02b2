//! REAPI's `Tree` message: a root directory and all directories below it, in one message.

use super::wire::{FieldReader, FieldValue, put_bytes_always};
use super::{Directory, decode};

/// Encodes a tree from the bytes of its directories, which the message holds unchanged.
pub(crate) fn encode_tree<'a>(root: &[u8], children: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes_always(&mut out, 1, root);
    children.for_each(|child| put_bytes_always(&mut out, 2, child));
    out
}

/// Decodes the directories of a tree, the root first, and says what is wrong with it if it is none.
pub(crate) fn decode_tree(bytes: &[u8]) -> Result<Vec<Directory>, String> {
    let (mut root, mut children) = (None, Vec::new());
    for field in FieldReader::new(bytes) {
        match field? {
            (1, FieldValue::Bytes(directory)) => root = Some(decode(directory)?),
            (2, FieldValue::Bytes(directory)) => children.push(decode(directory)?),
            _ => {}
        }
    }
    let root = root.ok_or_else(|| "it is a tree without a root".to_owned())?;
    Ok(std::iter::once(root).chain(children).collect())
}
