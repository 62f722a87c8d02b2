//! What an overlay policy can ask about the inputs of a session.

use spec_model::Digest;
use spec_strategy::{OverlayFacts, SessionFacts};

use super::resolver::Resolver;
use crate::record::Content;

impl OverlayFacts for Resolver {
    fn session(&self) -> &dyn SessionFacts {
        self.session_facts()
    }

    fn input_path(&self, input: u32) -> Option<String> {
        self.inputs.get(input as usize).map(|_| self.path_of_input(input as usize))
    }

    fn recorded_content(&self, input: u32) -> Option<Digest> {
        self.inputs.get(input as usize).map(|input| digest_of(&input.recorded))
    }

    fn current_content(&self, input: u32, alternative: u8) -> Option<Digest> {
        let input = self.inputs.get(input as usize)?;
        input.alternatives.get(usize::from(alternative))?;
        input.content_from(usize::from(alternative), &self.origins).as_ref().map(digest_of)
    }
}

/// The digest of a file, or of the target of a symbolic link.
pub(crate) fn digest_of(content: &Content) -> Digest {
    match content {
        Content::File { digest, .. } => *digest,
        Content::Symlink(target) => Digest::of(target.as_bytes()),
    }
}
