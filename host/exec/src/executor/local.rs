//! Executing on this machine.

use std::path::PathBuf;
use std::time::Duration;

use spec_cas::Cas;
use spec_model::Cancel;

use super::{ActionError, Executed, Executor, Order};

/// What the executor on this machine may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalOptions {
    /// The name of this machine in results.
    pub worker: String,
    /// Limit of wall-clock time for actions that name none.
    pub default_timeout: Duration,
    /// Actions that ask for more time are refused.
    pub max_timeout: Duration,
    /// Outputs on the standard streams up to this many bytes are in the result itself.
    pub inline_output: u64,
    /// The socket that an action finds where its property `remoteApisSocketPath` says; without one the property is
    /// passed over.
    pub remote_apis_socket: Option<PathBuf>,
    /// Whether what actions write goes to memory (a tmpfs) while there is plenty of it.
    pub in_memory: bool,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            worker: "local".to_owned(),
            default_timeout: Duration::from_secs(3600),
            max_timeout: Duration::from_secs(24 * 3600),
            inline_output: 4096,
            remote_apis_socket: None,
            in_memory: true,
        }
    }
}

/// Runs actions in sandboxes of this machine.
#[derive(Debug)]
pub struct LocalExecutor {
    cas: Cas,
    options: LocalOptions,
}

impl LocalExecutor {
    /// An executor over a store.
    ///
    /// # Errors
    /// When there is no folder for what actions write.
    pub fn new(cas: Cas, options: LocalOptions) -> Result<Self, ActionError> {
        Ok(Self { cas, options })
    }
}

impl Executor for LocalExecutor {
    fn execute(&self, _order: &Order, _cancel: &Cancel) -> Result<Executed, ActionError> {
        Err(ActionError::invalid(format!("nothing can be executed yet in {:?} {:?}", self.cas, self.options)))
    }
}
