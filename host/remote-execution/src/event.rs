//! What people want to hear of a cluster.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What happens to actions that the cluster does not take at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// This machine executes them.
    ThisMachineExecutes,
    /// They wait for the cluster.
    ActionsWait {
        /// Each for at most this time.
        limit: Duration,
    },
}

/// Something about a cluster that changes where actions are executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterEvent {
    /// It cannot be used.
    Away {
        /// The server.
        address: String,
        /// Since when.
        since: SystemTime,
        /// What it said, or why it could not be asked.
        why: String,
        /// What happens to actions until it is back.
        meanwhile: Meanwhile,
    },
    /// It can be used again.
    Back {
        /// The server.
        address: String,
        /// How long it was away.
        after: Duration,
    },
    /// It has no room for actions. Said once until it had room again.
    Busy {
        /// The server.
        address: String,
        /// What it said.
        why: String,
        /// What happens to actions until it has room.
        meanwhile: Meanwhile,
    },
    /// It answered with a result that is not that of the action, and this machine executed the action. Said once.
    Wrong {
        /// The server.
        address: String,
        /// What is wrong with the result.
        why: String,
    },
    /// It will not execute an action. Said once for each reason.
    Refused {
        /// The server.
        address: String,
        /// What it said.
        why: String,
        /// Whether this machine does; otherwise the action fails.
        executed_here: bool,
        /// Whether a worker has to open a socket for it.
        wants_socket: bool,
    },
}

/// Hears what happens to a cluster. Called from any thread; must not block for long.
#[derive(Clone)]
pub struct ClusterObserver(Arc<dyn Fn(&ClusterEvent) + Send + Sync>);

impl ClusterObserver {
    /// Has `call` called with every event.
    #[must_use]
    pub fn new(call: impl Fn(&ClusterEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }

    pub(crate) fn tell(&self, event: &ClusterEvent) {
        (self.0)(event);
    }
}

impl fmt::Debug for ClusterObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterObserver")
    }
}
