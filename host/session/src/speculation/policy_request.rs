//! The request for the component of a policy, and what is told when a policy cannot be loaded or fails.

use spec_model::UserError;
use spec_plugins::{PolicyLoadError, PolicyRequest};
use spec_scheduler::Message;
use spec_speculation::PolicyWarning;

use super::policy_choice::{PolicyChoice, PolicySetting};
use crate::error::{Result, SessionError};

/// The request for a component; `None` for the built-in policy.
pub(super) fn request(choice: &PolicyChoice) -> Result<Option<PolicyRequest>> {
    match (&choice.component, choice.settings.first()) {
        (None, None) => Ok(None),
        (None, Some(setting)) => Err(SessionError::BuiltInPolicySetting {
            key: setting.key.clone(),
            position: setting.position.clone(),
        }),
        (Some(component), _) => {
            let pair = |setting: &PolicySetting| (setting.key.clone(), setting.value.clone());
            let settings = choice.settings.iter().map(pair).collect();
            Ok(Some(PolicyRequest { component: component.clone(), settings }))
        }
    }
}

pub(super) fn policy_error(error: PolicyLoadError, choice: &PolicyChoice) -> SessionError {
    let setting = error.key().and_then(|key| choice.settings.iter().find(|setting| setting.key == key));
    let position = setting.map_or(&choice.position, |setting| &setting.position).clone();
    SessionError::Policy { error, position }
}

pub(super) fn warning(warning: PolicyWarning) -> Message {
    Message { detail: warning.hint(), ..Message::warning(warning.reason(), warning.to_string()) }
}
