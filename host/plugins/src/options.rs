//! What the wiring of the program decides about plugins.

use std::path::PathBuf;
use std::time::Duration;

/// Instructions of one call of a policy, about.
const POLICY_FUEL: u64 = 1_000_000_000;
/// Time of one call of a policy.
const POLICY_DEADLINE: Duration = Duration::from_secs(5);

/// Where components come from and what they may use.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of compiled code, made if it is missing, with no access for other users. Everything in it can be
    /// deleted at any time.
    pub cache_dir: PathBuf,
    /// Components that replace those of the project and the embedded ones: the kind and the component file.
    pub overrides: Vec<(String, PathBuf)>,
    /// Whether answers are kept beside the compiled code, so that later programs need not ask again.
    pub keep_answers: bool,
    /// What a component may use.
    pub limits: Limits,
}

impl Options {
    /// The usual limits, no overrides, answers are kept.
    #[must_use]
    pub fn new(cache_dir: PathBuf) -> Self {
        Self { cache_dir, overrides: Vec::new(), keep_answers: true, limits: Limits::default() }
    }
}

/// What a component may use. A component that wants more is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of one instance.
    pub memory: usize,
    /// Instructions of one call, about. The same call uses the same number on every machine.
    pub fuel: u64,
    /// Time of one call. A guard against what fuel cannot count; generous, because it depends on the machine.
    pub deadline: Duration,
    /// Bytes that one answer may take in the host's memory, about.
    pub answer: usize,
    /// Bytes of a component file.
    pub component: u64,
    /// Instances that are there at once, working or waiting for work, of all kinds together.
    pub instances: usize,
}

impl Limits {
    /// What a policy may use: builds wait for it, so it gets less time.
    pub(crate) fn of_policy(self) -> Self {
        let (fuel, deadline) = (self.fuel.min(POLICY_FUEL), self.deadline.min(POLICY_DEADLINE));
        Self { fuel, deadline, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            fuel: 2_000_000_000,
            deadline: Duration::from_secs(20),
            answer: 16 << 20,
            component: 64 << 20,
            instances: 32,
        }
    }
}
