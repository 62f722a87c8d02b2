//! SIGINT and SIGTERM: the first ends the command cleanly, the second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use spec_model::Cancel;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{CommandError, CommandResult};
use crate::exit_code::INTERRUPTED;

/// Starts a thread that calls `first` at the first signal, and ends the program at the second. While
/// `interrupts_suspended` is set, SIGINT is ignored, because it is meant for a program that has the terminal.
///
/// # Errors
/// When the system gives no signals or no thread.
pub(crate) fn on_first(
    interrupts_suspended: Arc<AtomicBool>,
    first: impl FnOnce() + Send + 'static,
) -> CommandResult {
    let failed = |error| CommandError::io("listen to signals", &error);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (mut interrupt, mut terminate) = {
        let _here = runtime.enter();
        (signal(SignalKind::interrupt()).map_err(failed)?, signal(SignalKind::terminate()).map_err(failed)?)
    };
    let mut next = move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => if !interrupts_suspended.load(Ordering::Relaxed) { return },
                    _ = terminate.recv() => return,
                }
            }
        });
    };
    let listen = move || {
        next();
        first();
        next();
        crate::term::restore();
        std::process::exit(INTERRUPTED.into());
    };
    thread::Builder::new().name("signals".to_owned()).spawn(listen).map_err(failed)?;
    Ok(())
}

/// A request that the first signal makes, so that a command can remove unfinished files.
///
/// # Errors
/// When the system gives no signals or no thread.
pub(crate) fn cancel() -> CommandResult<Cancel> {
    let cancel = Cancel::new();
    let cancelled = cancel.clone();
    on_first(Arc::default(), move || cancelled.cancel())?;
    Ok(cancel)
}
