//! Failures of components, which become [`KindError`]s and [`PolicyError`]s.

use spec_model::Blame;
use spec_strategy::{KindError, PolicyError};
use wasmtime::Trap;

use crate::Limits;
use crate::instance_state::OutOfMemory;

/// The name of a component in errors.
#[derive(Clone, Debug)]
pub(crate) struct PluginName(pub(crate) String);

/// A stable code, the message that follows the plugin's name, and what to do next (may be empty).
pub(crate) struct PluginFailure {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) hint: &'static str,
    pub(crate) blame: Blame,
}

impl PluginFailure {
    /// The plugin is at fault.
    pub(crate) fn plugin(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), hint: "", blame: Blame::Plugin }
    }

    /// The program or the machine is at fault.
    pub(crate) fn host(message: impl Into<String>) -> Self {
        Self { reason: "plugin-host", message: message.into(), hint: "", blame: Blame::Machine }
    }

    /// The same failure with advice what to do next.
    pub(crate) fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// The plugin gave an answer that the contract does not allow.
    pub(crate) fn answer(what: &str) -> Self {
        let message = format!("its answer is not valid: {what}");
        Self::plugin("plugin-invalid-answer", message).hint(TELL_AUTHOR)
    }

    /// A call failed; `last_error` is the last error that the plugin logged.
    pub(crate) fn call(error: &wasmtime::Error, last_error: Option<&str>, limits: &Limits) -> Self {
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
        let logged =
            last_error.map_or(String::new(), |message| format!("; its last message was '{message}'"));
        Self::plugin(reason, format!("{what}{logged}")).hint(TELL_AUTHOR)
    }

    /// The error of an element kind in the call `activity`.
    pub(crate) fn of(self, plugin: &PluginName, activity: impl Into<String>) -> KindError {
        KindError::Broken {
            reason: self.reason,
            plugin: plugin.0.clone(),
            activity: activity.into(),
            message: self.message,
            hint: self.hint,
            blame: self.blame,
        }
    }

    /// The error of a policy in the call `activity`.
    pub(crate) fn of_policy(self, policy: &PluginName, activity: &'static str) -> PolicyError {
        let Self { reason, message, hint, .. } = self;
        PolicyError { reason, policy: policy.0.clone(), activity, message, hint }
    }
}

/// Bytes of a text in an error that a component wrote; the rest is cut off.
const MAX_TEXT: usize = 2048;

/// A text that a component wrote for an error, not too long to be shown.
pub(crate) fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

/// The advice when all instances of components are in use.
pub(crate) const FEWER_BUILDERS: &str = "run fewer builders at once";

const TELL_AUTHOR: &str = "this is a fault of the plugin: report it to its author, or use another component";
