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
        let blobs = blobs.chain(self.key_description).chain(self.misses);
        let subsandboxes = self.sandbox.iter().flat_map(|sandbox| sandbox.subsandboxes.iter().copied());
        trees.into_iter().flatten().chain(subsandboxes).map(Need::Tree).chain(blobs.map(Need::Blob)).collect()
    }
}

/// The artifact that a record tells of; `None` when it cannot be read.
#[must_use]
pub fn decode_record(record: &[u8]) -> Option<Artifact> {
    from_proto::artifact(proto::Artifact::decode(record).ok()?).ok()
}
