//! SIGINT and SIGTERM: the first ends the session cleanly, the second at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use spec_scheduler::Control;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

/// Listens from now on. While `busy` is set, SIGINT belongs to somebody else: a shell on the terminal.
///
/// # Errors
/// When the system gives no signals.
pub(super) fn obey(control: Sender<Control>, busy: Arc<AtomicBool>) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let mut asked = false;
        loop {
            tokio::select! {
                _ = interrupt.recv() => if busy.load(Ordering::Relaxed) { continue },
                _ = terminate.recv() => {}
            }
            if asked {
                crate::term::restore();
                std::process::exit(130);
            }
            asked = true;
            // A session that is over takes no requests, and needs none.
            let _ = control.send(Control::Terminate).await;
        }
    });
    Ok(())
}
