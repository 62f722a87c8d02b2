//! Options and limits of plugins.

use std::path::PathBuf;
use std::time::Duration;

use crate::compile_observer::CompileObserver;

/// The stock of fuel of a policy: less than a tenth of a second.
const POLICY_FUEL: u64 = 100_000_000;
/// The deadline of one call of a policy.
const POLICY_DEADLINE: Duration = Duration::from_secs(5);

/// Where components are found, and what they may use.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of compiled code, created if it is missing, with access for this user only. Everything in it may be
    /// deleted at any time.
    pub cache_dir: PathBuf,
    /// Components that replace those of the project and the embedded ones: the kind and the component file.
    pub overrides: Vec<(String, PathBuf)>,
    /// Components that the project names, which come after `overrides`: the kind and the component file.
    pub project: Vec<(String, PathBuf)>,
    /// Whether answers are cached beside the compiled code for later processes.
    pub keep_answers: bool,
    /// What a component may use.
    pub limits: Limits,
    /// Hears of components that take long to compile.
    pub compile_observer: CompileObserver,
}

impl Options {
    /// The default limits, no overrides, answers are cached.
    #[must_use]
    pub fn new(cache_dir: PathBuf) -> Self {
        Self {
            cache_dir,
            overrides: Vec::new(),
            project: Vec::new(),
            keep_answers: true,
            limits: Limits::default(),
            compile_observer: CompileObserver::default(),
        }
    }
}

/// What a component may use. A call that exceeds a limit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of one instance.
    pub memory: usize,
    /// Fuel of one call, or the stock of fuel of a policy in a session: about the number of instructions. The same call uses
    /// the same fuel on every machine.
    pub fuel: u64,
    /// Time of one call, for what fuel does not count. It is generous, because time depends on the machine.
    pub deadline: Duration,
    /// Bytes of one answer in the memory of the host, approximately.
    pub answer: usize,
    /// Bytes of a component file.
    pub component: u64,
    /// Instances of all kinds together, leased and idle.
    pub instances: usize,
}

impl Limits {
    /// The limits of a policy. Builds wait for its calls, so it gets less time.
    pub(crate) fn of_policy(self) -> Self {
        let (fuel, deadline) = (self.fuel.min(POLICY_FUEL), self.deadline.min(POLICY_DEADLINE));
        Self { fuel, deadline, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            fuel: 200_000_000,
            deadline: Duration::from_secs(20),
            answer: 16 << 20,
            component: 64 << 20,
            instances: 32,
        }
    }
}
