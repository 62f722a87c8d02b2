//! `cas pull`

use std::path::Path;

use spec_cas::Cas;
use spec_model::Digest;
use spec_remote::Landing;

use super::{connect, runtime};
use crate::app::App;
use crate::cli::RemoteArgs;
use crate::error::CommandResult;

pub(super) fn run(app: &App, digest: &Digest, path: Option<&Path>, args: &RemoteArgs) -> CommandResult {
    let moved = runtime()?.block_on(async {
        let remote = connect(app, args).await?;
        CommandResult::Ok(match path {
            Some(path) => remote.pull_to(Landing::prepare(path)?, digest).await?,
            None => {
                let cas = Cas::open(app.config.cache("cas"))?;
                let _hold = cas.hold()?;
                remote.pull(&cas, digest).await?
            }
        })
    })?;
    tracing::debug!("{} blobs came, {} bytes", moved.blobs, moved.bytes);
    Ok(())
}
