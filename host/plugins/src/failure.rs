//! What can go wrong with a component, in the words of [`KindError`].

use spec_model::Blame;
use spec_strategy::{KindError, PolicyError};
use wasmtime::Trap;

use crate::Limits;

/// A component as errors name it.
#[derive(Clone, Debug)]
pub(crate) struct PluginName(pub(crate) String);

/// An instance wanted more memory than it may have.
#[derive(Debug, thiserror::Error)]
#[error("it wanted {wanted} bytes of memory")]
pub(crate) struct OutOfMemory {
    pub(crate) wanted: usize,
}

/// A stable code and the rest of the sentence that begins with the plugin's name.
pub(crate) struct Failure {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) blame: Blame,
}

impl Failure {
    /// The plugin broke its contract.
    pub(crate) fn plugin(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), blame: Blame::Plugin }
    }

    /// The host could not serve the plugin.
    pub(crate) fn host(message: impl Into<String>) -> Self {
        Self { reason: "plugin-host", message: message.into(), blame: Blame::Machine }
    }

    /// An answer that the contract does not allow.
    pub(crate) fn answer(what: &str) -> Self {
        let message = format!("its answer is not valid: {what}; {TELL_AUTHOR}");
        Self::plugin("plugin-invalid-answer", message)
    }

    /// What ended a call, with what the plugin had to say about it.
    pub(crate) fn call(error: &wasmtime::Error, last_words: Option<&str>, limits: &Limits) -> Self {
        let (reason, what) = if let Some(error) = error.downcast_ref::<OutOfMemory>() {
            ("plugin-out-of-memory", format!("{error}, more than its limit of {}", limits.memory))
        } else {
            match error.downcast_ref::<Trap>() {
                Some(Trap::OutOfFuel) => {
                    ("plugin-out-of-fuel", format!("it did not finish within {} instructions", limits.fuel))
                }
                Some(Trap::Interrupt) => {
                    ("plugin-timeout", format!("it did not finish within {:?}", limits.deadline))
                }
                Some(trap) => ("plugin-trap", format!("it stopped with '{trap}'")),
                None => return Self::answer(&error.root_cause().to_string()),
            }
        };
        let said = last_words.map_or(String::new(), |words| format!(" and said '{words}'"));
        Self::plugin(reason, format!("{what}{said}; {TELL_AUTHOR}"))
    }

    /// The error about `plugin` while it did `activity`.
    pub(crate) fn of(self, plugin: &PluginName, activity: impl Into<String>) -> KindError {
        KindError::Broken {
            reason: self.reason,
            plugin: plugin.0.clone(),
            activity: activity.into(),
            message: self.message,
            blame: self.blame,
        }
    }

    /// The error about a policy in the call `activity`.
    pub(crate) fn of_policy(self, policy: &PluginName, activity: &'static str) -> PolicyError {
        PolicyError { reason: self.reason, policy: policy.0.clone(), activity, message: self.message }
    }
}

const TELL_AUTHOR: &str = "this is a fault of the plugin: report it to its author, or use another component";
