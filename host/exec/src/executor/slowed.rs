//! Machines that are slower than this one, for simulations.

use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};

use spec_model::Cancel;

use super::{ActionError, Executed, Executor, Order};

/// Has every action take at least some time. With many workers it is a cluster: what waits takes no processor.
#[derive(Debug)]
pub struct Slowed<E> {
    inner: E,
    least: Duration,
}

impl<E: Executor> Slowed<E> {
    /// As `inner`, with actions that take at least `least`.
    #[must_use]
    pub fn new(inner: E, least: Duration) -> Self {
        Self { inner, least }
    }
}

impl<E: Executor> Executor for Slowed<E> {
    fn execute(&self, order: &Order, cancel: &Cancel) -> Result<Executed, ActionError> {
        let start = Instant::now();
        let mut executed = self.inner.execute(order, cancel)?;
        wait(self.least.saturating_sub(start.elapsed()), cancel)?;
        let metadata = &mut executed.result.metadata;
        (metadata.executed.end, metadata.worked.end) = (Some(SystemTime::now()), Some(SystemTime::now()));
        Ok(executed)
    }
}

fn wait(time: Duration, cancel: &Cancel) -> Result<(), ActionError> {
    let (send, cancelled) = mpsc::channel();
    let _guard = cancel.on_cancel(move || _ = send.send(()));
    match cancelled.recv_timeout(time) {
        Ok(()) => Err(ActionError::Cancelled),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use spec_model::{Action, ActionResult, Digest};

    use super::*;

    /// Does nothing, at once.
    struct Quick;

    impl Executor for Quick {
        fn execute(&self, _: &Order, _: &Cancel) -> Result<Executed, ActionError> {
            Ok(Executed { result: ActionResult::default(), report: None })
        }
    }

    fn order() -> Order {
        let digest = Digest::of(b"");
        let action = Action {
            command: digest,
            input_root: digest,
            timeout: None,
            do_not_cache: false,
            salt: Vec::new(),
            platform: None,
        };
        Order { digest, action, queued: SystemTime::now(), primed: false }
    }

    #[test]
    fn actions_take_their_time_unless_they_are_cancelled() {
        let least = Duration::from_millis(20);
        let start = Instant::now();
        assert!(Slowed::new(Quick, least).execute(&order(), &Cancel::new()).is_ok());
        assert!(start.elapsed() >= least);
        let cancel = Cancel::new();
        cancel.cancel();
        let hour = Slowed::new(Quick, Duration::from_secs(3600)).execute(&order(), &cancel);
        assert!(matches!(hour, Err(ActionError::Cancelled)));
    }
}
