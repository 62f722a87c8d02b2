//! The clock that ends calls which take too long.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::Engine;

/// How often it ticks; a call ends at the first tick after its deadline.
const TICK: Duration = Duration::from_millis(50);

/// Advances the epoch of an engine until it is dropped.
pub(crate) struct Clock {
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Clock {
    /// Starts the clock of an engine.
    pub(crate) fn start(engine: Engine) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let tick = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        };
        let thread = thread::Builder::new().name("plugin-clock".to_owned()).spawn(tick)?;
        Ok(Self { thread: Some((stop, thread)) })
    }

    /// The number of ticks that give a call at least this time.
    pub(crate) fn ticks(deadline: Duration) -> u64 {
        let ticks = deadline.as_millis().div_ceil(TICK.as_millis()) + 1;
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            // It has nothing to tell, and it ends at once when the channel is closed.
            let _ = thread.join();
        }
    }
}
