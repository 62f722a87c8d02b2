//! Digests of what kinds are asked and told, made without a text of it.

use spec_model::{DigestHasher, Mapping, Node, NodeKind};

use crate::answer_cache::AnswerKey;

/// Bytes that are digested together.
const PIECE: usize = 4096;

/// A digest that is being made: every text stands behind its length, every list behind its number of items.
pub(crate) struct QuestionDigest {
    hasher: DigestHasher,
    /// What is not digested yet.
    waiting: Vec<u8>,
}

impl Default for QuestionDigest {
    fn default() -> Self {
        Self { hasher: DigestHasher::new(), waiting: Vec::with_capacity(2 * PIECE) }
    }
}

impl QuestionDigest {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if self.waiting.len() + bytes.len() > PIECE {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
        match bytes.len() > PIECE {
            true => self.hasher.update(bytes),
            false => self.waiting.extend_from_slice(bytes),
        }
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.bytes(&(count as u64).to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes(text.as_bytes());
    }

    pub(crate) fn mapping(&mut self, mapping: &Mapping) {
        self.count(mapping.entries.len());
        for (name, node) in &mapping.entries {
            self.text(name);
            self.node(node);
        }
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Scalar(text) => {
                self.bytes(&[0]);
                self.text(text);
            }
            NodeKind::Sequence(items) => {
                self.bytes(&[1]);
                self.count(items.len());
                items.iter().for_each(|item| self.node(item));
            }
            NodeKind::Mapping(mapping) => {
                self.bytes(&[2]);
                self.mapping(mapping);
            }
        }
    }

    pub(crate) fn finish(mut self) -> AnswerKey {
        self.hasher.update(&self.waiting);
        *self.hasher.finish().hash()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use spec_model::Digest;

    use super::*;

    proptest! {
        #[test]
        fn pieces_are_digested_as_one_text(sizes in proptest::collection::vec(0..2 * PIECE, 0..8)) {
            let (mut digest, mut whole) = (QuestionDigest::default(), Vec::new());
            for (index, size) in sizes.into_iter().enumerate() {
                let piece = vec![u8::try_from(index).unwrap_or(0); size];
                digest.bytes(&piece);
                whole.extend(piece);
            }
            prop_assert_eq!(digest.finish(), *Digest::of(&whole).hash());
        }
    }
}
