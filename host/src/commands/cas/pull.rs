//! `cas pull`

use std::path::Path;

use spec_cas::CasError;
use spec_model::{Digest, DigestFunction};
use spec_remote::{DirectoryReceiver, Remote, TransferTotals};

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
        let receiver = path
            .map(|path| {
                DirectoryReceiver::prepare(
                    path,
                    DigestFunction::Sha256,
                    app.config.bounds.trees,
                    cancel.clone(),
                )
            })
            .transpose()?;
        tokio::select! {
            moved = pull(app, digest, receiver, args) => moved,
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
    receiver: Option<DirectoryReceiver>,
    args: &RemoteArgs,
) -> CommandResult<TransferTotals> {
    let remote: Remote = connect(app, args).await?;
    if let Some(receiver) = receiver {
        return Ok(remote.pull_to(receiver, digest).await?);
    }
    let cas = app.open_cas(DigestFunction::Sha256)?;
    let _hold = cas.hold()?;
    Ok(remote.pull(&cas, digest).await?)
}
