//! Which input a path of a merged tree came from.

use std::collections::BTreeMap;

/// The input of every path of a merged tree. A directory that one input brought with all below it is one entry, so this
/// is as small as the overlap of the inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    pub(super) root: OriginNode,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OriginNode {
    /// It is from one input, with everything below it.
    Input(usize),
    /// A directory whose first input is `owner`; everything in it but `others` is from that input, too.
    Mixed { owner: usize, others: BTreeMap<String, OriginNode> },
}

impl Origins {
    /// The index of the input of the entry at `path`, a relative path that the merged tree has; for a directory the
    /// first input that had it.
    #[must_use]
    pub fn input_of(&self, path: &str) -> usize {
        let mut node = &self.root;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            node = match node {
                OriginNode::Input(input) => return *input,
                OriginNode::Mixed { owner, others } => match others.get(name) {
                    Some(other) => other,
                    None => return *owner,
                },
            };
        }
        match node {
            OriginNode::Input(input) => *input,
            OriginNode::Mixed { owner, .. } => *owner,
        }
    }
}
