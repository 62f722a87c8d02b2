//! `cas push`

use std::path::Path;
use std::sync::Arc;

use spec_cas::{Hold, StatCache};
use spec_model::{Cancel, Digest, DigestFunction};
use spec_remote::{BlobProvider, DirectoryProvider};

use super::{connect, runtime};
use crate::app::App;
use crate::cli::RemoteArgs;
use crate::commands::print;
use crate::error::CommandResult;

/// The tree that is uploaded.
struct TreeToSend {
    root: Digest,
    blobs: Vec<Digest>,
    provider: Arc<dyn BlobProvider>,
    /// Keeps blobs of the cache from being evicted until they are uploaded.
    _hold: Option<Hold>,
}

pub(super) fn run(app: &App, what: &Path, args: &RemoteArgs) -> CommandResult {
    let runtime = runtime()?;
    let root = runtime.block_on(async {
        let remote = connect(app, args).await?;
        let tree = tree(app, what, remote.function())?;
        let moved = remote.push(Arc::clone(&tree.provider), &tree.blobs).await?;
        tracing::debug!("sent {} of {} blobs, {} bytes", moved.blobs, tree.blobs.len(), moved.bytes);
        CommandResult::Ok(tree.root)
    })?;
    print(&format!("{root}\n"))
}

/// A folder is uploaded directly: storing it in the cache first would be one more copy.
fn tree(app: &App, what: &Path, function: DigestFunction) -> CommandResult<TreeToSend> {
    let digest = what.to_str().and_then(|text| text.parse::<Digest>().ok());
    let Some(root) = digest.filter(|_| !what.exists()) else {
        let mut seen = StatCache::open(&app.config.cache("seen"), what, function);
        let folder = DirectoryProvider::read_again(what, &mut seen, app.config.bounds.trees, &Cancel::new())?;
        return Ok(TreeToSend {
            root: folder.root(),
            blobs: folder.blobs(),
            provider: Arc::new(folder),
            _hold: None,
        });
    };
    let cas = app.open_cas(DigestFunction::Sha256)?;
    let hold = cas.hold()?;
    Ok(TreeToSend { root, blobs: cas.blobs_of_tree(&root)?, provider: Arc::new(cas), _hold: Some(hold) })
}
