//! BuildStream's message for the sources of an element.

use spec_model::Digest;
use spec_proto::{Message, buildstream::v2::Source, reapi};

/// The message that names a tree of sources. BuildStream leaves its version out, and compares messages by their bytes.
pub(crate) fn encode(tree: &Digest) -> Vec<u8> {
    let files = reapi::Digest { hash: tree.hex(), size_bytes: tree.size().cast_signed() };
    Source { version: 0, files: Some(files) }.encode_to_vec()
}

/// The tree that a message names; `None` when it names none.
pub(crate) fn decode(bytes: &[u8]) -> Option<Digest> {
    let files = Source::decode(bytes).ok()?.files?;
    Digest::from_hex(&files.hash, u64::try_from(files.size_bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_comes_back_and_nothing_comes_of_rubbish() {
        let tree = Digest::of(b"tree");
        assert_eq!(decode(&encode(&tree)), Some(tree));
        // Field 2, which holds field 1 of 64 digits and field 2.
        assert_eq!(encode(&tree)[..4], [0x12, 0x44, 0x0a, 0x40]);
        for bytes in [&b""[..], b"rubbish", &[0x12, 0x00], &encode(&tree)[..20]] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
