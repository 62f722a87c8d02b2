//! Tells the user of a component that takes long to compile.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// A compilation that takes less is not told of.
const SLOW: Duration = Duration::from_millis(500);
/// The time between two messages.
const INTERVAL: Duration = Duration::from_secs(1);
/// Roughly the time of one processor for a KiB of code.
const TIME_PER_KIB: Duration = Duration::from_micros(1900);

/// Hears of components that take long to compile.
#[derive(Clone, Default)]
pub struct CompileObserver(Option<Arc<Observe>>);

type Observe = dyn Fn(&SlowCompilation<'_>) + Send + Sync;

/// A compilation that takes long. It is told of every second, and once when it ended.
#[derive(Clone, Copy, Debug)]
pub struct SlowCompilation<'a> {
    /// The component: its name and its file.
    pub plugin: &'a str,
    /// The size of the component in bytes.
    pub size: usize,
    /// The time since it began.
    pub elapsed: Duration,
    /// How long all of it may take on this machine.
    pub estimate: Duration,
    /// Whether it ended.
    pub has_ended: bool,
}

impl CompileObserver {
    /// An observer that calls this function, from any thread.
    #[must_use]
    pub fn new(observe: impl Fn(&SlowCompilation<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(observe)))
    }

    /// Compiles a component of this size, with so many bytes of code.
    pub(crate) fn watch<T>(
        &self,
        plugin: &str,
        size: usize,
        code_size: u64,
        compile: impl FnOnce() -> T,
    ) -> T {
        let Some(observe) = &self.0 else { return compile() };
        let begun = Instant::now();
        let estimate = estimate(code_size);
        let tell = |has_ended| {
            observe(&SlowCompilation { plugin, size, elapsed: begun.elapsed(), estimate, has_ended });
        };
        let compiled = thread::scope(|scope| {
            let (running, ended) = mpsc::channel::<()>();
            let tell_regularly = move || {
                let mut wait = SLOW;
                while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    tell(false);
                    wait = INTERVAL;
                }
            };
            // Without the thread there are no messages.
            let thread = thread::Builder::new().name("plugin-compile".to_owned());
            let _ = thread.spawn_scoped(scope, tell_regularly);
            let compiled = compile();
            drop(running);
            compiled
        });
        if begun.elapsed() >= SLOW {
            tell(true);
        }
        compiled
    }
}

/// All processors compile.
fn estimate(code_size: u64) -> Duration {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let kib = u32::try_from(code_size >> 10).unwrap_or(u32::MAX);
    TIME_PER_KIB.saturating_mul(kib) / u32::try_from(processors).unwrap_or(u32::MAX)
}

impl fmt::Debug for CompileObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompileObserver({})", if self.0.is_some() { "function" } else { "none" })
    }
}

#[cfg(test)]
mod tests;
