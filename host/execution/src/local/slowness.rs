//! Machines that are slower than this one, for simulations.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use spec_model::Cancel;

use crate::outcome::ActionError;

/// Waits until an action that began at `start` has taken `least`. With many workers that is a cluster: what waits takes
/// no processor.
///
/// # Errors
/// [`ActionError::Cancelled`].
pub(crate) fn slow_down(start: Instant, least: Duration, cancel: &Cancel) -> Result<(), ActionError> {
    let rest = least.saturating_sub(start.elapsed());
    if rest.is_zero() {
        return Ok(());
    }
    let (send, cancelled) = mpsc::channel();
    let _guard = cancel.on_cancel(move || _ = send.send(()));
    match cancelled.recv_timeout(rest) {
        Ok(()) => Err(ActionError::Cancelled),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_take_their_time_unless_they_are_cancelled() {
        let (start, least, cancel) = (Instant::now(), Duration::from_millis(20), Cancel::new());
        assert_eq!(slow_down(start, least, &cancel), Ok(()));
        assert!(start.elapsed() >= least);
        cancel.cancel();
        assert_eq!(slow_down(start, least, &cancel), Ok(()), "it has taken that already");
        assert_eq!(slow_down(start, Duration::from_secs(3600), &cancel), Err(ActionError::Cancelled));
    }
}
