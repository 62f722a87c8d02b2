//! `cas pull`

use std::path::Path;

use spec_cas::CasError;
use spec_model::{Digest, DigestFunction};
use spec_remote::{Landing, Moved, Remote};

use super::{connect, runtime};
use crate::app::App;
use crate::cli::RemoteArgs;
use crate::error::CommandResult;
use crate::signals;

pub(super) fn run(app: &App, digest: &Digest, path: Option<&Path>, args: &RemoteArgs) -> CommandResult {
    let cancel = signals::cancel()?;
    let runtime = runtime()?;
    let moved = runtime.block_on(async {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let _hook = cancel.on_cancel(move || _ = stop.send(()));
        let landing =
            path.map(|path| Landing::prepare(path, app.config.bounds.trees, cancel.clone())).transpose()?;
        tokio::select! {
            moved = pull(app, digest, landing, args) => moved,
            _ = stopped => Err(CasError::Cancelled.into()),
        }
    });
    // Threads that still write to the folder end before it is removed.
    drop(runtime);
    let moved = moved?;
    tracing::debug!("{} blobs came, {} bytes", moved.blobs, moved.bytes);
    Ok(())
}

async fn pull(
    app: &App,
    digest: &Digest,
    landing: Option<Landing>,
    args: &RemoteArgs,
) -> CommandResult<Moved> {
    let remote: Remote = connect(app, args).await?;
    if let Some(landing) = landing {
        return Ok(remote.pull_to(landing, digest).await?);
    }
    let cas = app.open_cas(DigestFunction::Sha256)?;
    let _hold = cas.hold()?;
    Ok(remote.pull(&cas, digest).await?)
}
