//! The outputs of the actions of one build, by their paths in the sandbox and by their contents.

use std::collections::HashMap;

use spec_model::Digest;

use crate::path_table::PathId;
use crate::record::Content;

/// An output of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputRef {
    /// The action.
    pub(crate) base: Digest,
    /// The path in its result.
    pub(crate) path: PathId,
}

/// The outputs of the actions so far.
#[derive(Debug, Default)]
pub(crate) struct ProducedOutputs {
    /// The last output that was written to a path, with its contents.
    by_path: HashMap<String, (Content, OutputRef)>,
    /// The output with these contents; `None` when there are several.
    by_digest: HashMap<Digest, Option<OutputRef>>,
}

impl ProducedOutputs {
    pub(crate) fn add(&mut self, paths: &[String], content: &Content, output: &OutputRef) {
        for path in paths {
            self.by_path.insert(path.clone(), (content.clone(), output.clone()));
        }
        if let Content::File { digest, .. } = content {
            let sole = self.by_digest.entry(*digest).or_insert_with(|| Some(output.clone()));
            if sole.as_ref() != Some(output) {
                *sole = None;
            }
        }
    }

    /// The output with these contents that was written to this path.
    pub(crate) fn producer_at(&self, path: &str, content: &Content) -> Option<&OutputRef> {
        self.by_path.get(path).filter(|(there, _)| there == content).map(|(_, output)| output)
    }

    /// The only output with these contents, at whatever path. Empty files count as ambiguous.
    pub(crate) fn sole_producer(&self, content: &Content) -> Option<&OutputRef> {
        match content {
            Content::File { digest, .. } if digest.size() > 0 => self.by_digest.get(digest)?.as_ref(),
            _ => None,
        }
    }
}
