//! The thread that advances the epoch of the engine, which ends calls at their deadline.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::Engine;

/// The interval of epochs. A call ends at the first epoch after its deadline.
const INTERVAL: Duration = Duration::from_millis(50);

/// The thread that advances the epoch of an engine. Dropping it ends the thread.
pub(crate) struct EpochClock {
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl EpochClock {
    /// Starts the thread for an engine.
    pub(crate) fn start(engine: Engine) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let advance = move || {
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        };
        let thread = thread::Builder::new().name("plugin-clock".to_owned()).spawn(advance)?;
        Ok(Self { thread: Some((stop, thread)) })
    }

    /// The number of epochs that take at least this time.
    pub(crate) fn epochs(deadline: Duration) -> u64 {
        let epochs = deadline.as_millis().div_ceil(INTERVAL.as_millis()) + 1;
        u64::try_from(epochs).unwrap_or(u64::MAX)
    }
}

impl Drop for EpochClock {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            // The thread ends at once when the channel is closed, and has no result.
            let _ = thread.join();
        }
    }
}
