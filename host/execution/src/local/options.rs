//! Settings of the executor on this machine.

use std::time::Duration;

use crate::local::limits::ActionLimits;

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
    /// Whether what actions write goes to memory (a tmpfs) while there is plenty of it.
    pub in_memory: bool,
    /// How much one action may write.
    pub limits: ActionLimits,
    /// To bring the inputs of an action, and to store its outputs, may each take as long as its command may, but at least
    /// so long.
    pub transfer: Duration,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            worker: "local".to_owned(),
            default_timeout: Duration::from_secs(3600),
            max_timeout: Duration::from_secs(24 * 3600),
            inline_output: 4096,
            in_memory: true,
            limits: ActionLimits::default(),
            transfer: Duration::from_secs(60),
        }
    }
}
