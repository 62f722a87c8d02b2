//! SIGINT and SIGTERM for commands that are no session.

use std::thread;

use spec_model::Cancel;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{CommandError, CommandResult};

/// What the first signal cancels from now on, so that a command removes what it made; the second ends the program.
///
/// # Errors
/// When the system gives no signals or no thread.
pub(crate) fn cancel() -> CommandResult<Cancel> {
    let failed = |error| CommandError::io("listen to signals", &error);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (mut interrupt, mut terminate) = {
        let _here = runtime.enter();
        (signal(SignalKind::interrupt()).map_err(failed)?, signal(SignalKind::terminate()).map_err(failed)?)
    };
    let cancel = Cancel::new();
    let asked = cancel.clone();
    let listen = move || {
        runtime.block_on(async {
            for _ in 0..2 {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if asked.is_cancelled() {
                    std::process::exit(130);
                }
                asked.cancel();
            }
        });
    };
    thread::Builder::new().name("signals".to_owned()).spawn(listen).map_err(failed)?;
    Ok(cancel)
}
