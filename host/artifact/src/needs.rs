//! What of the store a record stands for.

use spec_cas::Need;
use spec_proto::{Message, buildstream::v2 as proto};

use crate::artifact::Artifact;
use crate::from_proto;

impl Artifact {
    /// All that is kept for it: without some of it the artifact still counts as cached.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        let trees = [self.trees.files, self.trees.buildtree, self.trees.sources, self.trees.buildroot];
        let blobs = self.required_blobs().into_iter().chain(self.speculative_actions).chain(self.subactions);
        let blobs = blobs.chain(self.key_description);
        let subsandboxes = self.sandbox.iter().flat_map(|sandbox| sandbox.subsandboxes.iter().copied());
        trees.into_iter().flatten().chain(subsandboxes).map(Need::Tree).chain(blobs.map(Need::Blob)).collect()
    }
}

/// What the record of an artifact needs; nothing when it cannot be read.
#[must_use]
pub fn record_needs(record: &[u8]) -> Vec<Need> {
    let message = proto::Artifact::decode(record).ok();
    let artifact = message.and_then(|message| from_proto::artifact(message).ok());
    artifact.map(|artifact| artifact.needs()).unwrap_or_default()
}
