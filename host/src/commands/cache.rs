//! `cache ...`

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use spec_cas::{Cas, EvictionReport, Quota};
use spec_model::{Blame, DigestFunction};

use super::print;
use crate::app::App;
use crate::cli::CacheCommand;
use crate::error::{CommandError, CommandResult};
use crate::session;
use crate::term::format_size;
use crate::values::SizeSetting;

/// The interval of showing progress.
const BEAT: Duration = Duration::from_millis(200);

/// Checks, counts or cleans the cache.
///
/// # Errors
/// What ends the command.
pub(super) fn run(app: &App, command: &CacheCommand) -> CommandResult<ExitCode> {
    for cas in stores(app)? {
        match command {
            CacheCommand::Usage => usage(app, &cas),
            CacheCommand::Verify => verify(app, &cas),
            CacheCommand::Clean { to } => sanitize_line(&cas, &quota(app, &cas, *to)?),
        }?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The existing stores: one for each digest function that was used.
fn stores(app: &App) -> CommandResult<Vec<Cas>> {
    let folder = app.config.cache("cas");
    let mut stores = vec![app.open_cas(DigestFunction::Sha256)?];
    if folder.join(DigestFunction::Blake3.name()).is_dir() {
        stores.push(app.open_cas(DigestFunction::Blake3)?);
    }
    Ok(stores)
}

fn quota(app: &App, cas: &Cas, to: Option<SizeSetting>) -> CommandResult<Quota> {
    let mut config = app.config.clone();
    let Some(size) = to else { return session::quota(&config, cas) };
    config.quota = Some(size);
    Ok(Quota { reserved_bytes: 0, low_watermark: 100, ..session::quota(&config, cas)? })
}

fn usage(app: &App, cas: &Cas) -> CommandResult {
    let counted = evict(cas, &Quota { max_bytes: None, reserved_bytes: 0, low_watermark: 100 })?;
    let quota = session::quota(&app.config, cas)?;
    let most =
        quota.max_bytes.map_or_else(|| "no quota".to_owned(), |most| format!("quota {}", format_size(most)));
    let (blobs, reserved) = (counted.blobs_before, format_size(quota.reserved_bytes));
    print(&format!(
        "{} in {blobs} blobs ({most}, {reserved} of the disk reserved)\n",
        format_size(counted.bytes_before)
    ))
}

fn sanitize_line(cas: &Cas, quota: &Quota) -> CommandResult {
    let done = evict(cas, quota)?;
    let (before, after) = (format_size(done.bytes_before), format_size(done.bytes_after));
    print(&format!(
        "removed {} blobs and {} records: {before} before, {after} now\n",
        done.blobs_removed, done.roots_removed
    ))?;
    if let (true, Some(most)) = (done.is_over_quota(), done.max_bytes) {
        let message = format!("the cache takes {after}, which is more than {}", format_size(most));
        let hint = "the rest is in use, or was used during the last minutes: run it again later";
        return Err(CommandError::new(Blame::Machine, "cache-in-use", message).hint(hint));
    }
    Ok(())
}

fn evict(cas: &Cas, quota: &Quota) -> CommandResult<EvictionReport> {
    let busy = || {
        CommandError::new(Blame::Machine, "cache-busy", "another process is cleaning the cache")
            .hint("run it again later")
    };
    spec_session::evict(cas, quota)?.ok_or_else(busy)
}

fn verify(app: &App, cas: &Cas) -> CommandResult {
    let shown = Mutex::new(Instant::now());
    let watched = app.watched() && std::io::stderr().is_terminal();
    let found = cas.verify_all(|done, total| {
        // While another thread prints, this one skips its numbers.
        if let (true, Ok(mut last)) = (watched, shown.try_lock())
            && last.elapsed() > BEAT
        {
            *last = Instant::now();
            eprint!("\r{done} of {total} blobs ");
        }
    })?;
    if watched {
        eprint!("\r\x1b[K");
    }
    let text: String = found.damaged.iter().map(|digest| format!("damaged {digest}\n")).collect();
    let (blobs, size) = (found.blobs, format_size(found.bytes));
    print(&format!("{text}{blobs} blobs of {size} read, {} damaged\n", found.damaged.len()))?;
    if found.damaged.is_empty() {
        return Ok(());
    }
    let folder = cas.root().join("quarantine");
    let message = format!("{} blobs were damaged and are in {} now", found.damaged.len(), folder.display());
    let hint = "what needs them is fetched or built again by the next command, but check the disk";
    Err(CommandError::new(Blame::Machine, "cache-damaged", message).hint(hint))
}
