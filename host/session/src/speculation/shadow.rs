//! A policy that is asked beside those of the session.

use std::sync::Arc;

use spec_model::UserError;
use spec_plugins::{ComponentWorld, PolicyComponent, overlay_policies};
use spec_scheduler::Message;
use spec_speculation::priming::PrimingState;
use spec_speculation::{
    GuardedOverlayPolicy, GuardedPrimingPolicy, ShadowOverlayPolicy, ShadowPrimingPolicy,
};

use super::messages::shadow_message;
use super::policy_choice::PolicyChoice;
use super::policy_request::{policy_error, request, warning};
use crate::error::Result;
use crate::session::Session;

/// A policy that is asked beside that of the session. It has no memory of its own: it begins with what the policy remembers,
/// and what it learns is forgotten.
#[derive(Clone)]
pub(super) enum ShadowPolicy {
    Priming(Arc<ShadowPrimingPolicy>),
    Overlay(Arc<ShadowOverlayPolicy>),
}

impl ShadowPolicy {
    /// Loads the policy.
    ///
    /// # Errors
    /// As other policies.
    pub(super) fn load(session: &Session, choice: &PolicyChoice) -> Result<Self> {
        let is_overlay = match &choice.component {
            None => false,
            Some(PolicyComponent::Embedded(name)) => overlay_policies().any(|known| known == name),
            // What is wrong with a file is told when it is loaded.
            Some(PolicyComponent::File(file)) => {
                matches!(session.plugins.world_of(file), Ok(ComponentWorld::OverlayPolicy))
            }
        };
        let Some(request) = request(choice)? else {
            return Ok(Self::Priming(Arc::new(ShadowPrimingPolicy::new(GuardedPrimingPolicy::default()))));
        };
        if is_overlay {
            let loaded = session.plugins.overlay_policy(&request, &session.project.config.name);
            let policy = loaded.map_err(|error| policy_error(error, choice))?.policy;
            return Ok(Self::Overlay(Arc::new(ShadowOverlayPolicy::new(GuardedOverlayPolicy::new(policy)))));
        }
        let policy = session.plugins.priming_policy(&request, &session.project.config.name);
        let policy = policy.map_err(|error| policy_error(error, choice))?.policy;
        Ok(Self::Priming(Arc::new(ShadowPrimingPolicy::new(GuardedPrimingPolicy::new(policy)))))
    }

    /// Has it hear the questions to the policies of the session.
    pub(super) fn listen(&self, overlay: &GuardedOverlayPolicy, priming: &GuardedPrimingPolicy) {
        match self {
            Self::Priming(shadow) => priming.add_listener(Arc::clone(shadow) as _),
            Self::Overlay(shadow) => overlay.add_listener(Arc::clone(shadow) as _),
        }
    }

    /// The session ends: finds out what would have come of its decisions.
    pub(super) fn conclude(&self, priming: &PrimingState) {
        if let Self::Priming(shadow) = self {
            shadow.conclude(priming);
        }
    }

    /// How it decided, and a warning if it failed.
    pub(super) fn messages(&self, name: &str) -> Vec<Message> {
        let (kind, report, failed) = match self {
            Self::Priming(shadow) => ("priming", shadow.report(), shadow.policy().take_warning()),
            Self::Overlay(shadow) => ("overlay", shadow.report(), shadow.policy().take_warning()),
        };
        let failed = failed.map(|failed| {
            tracing::debug!("the shadow policy failed: {}", failed.reason());
            warning(failed)
        });
        failed.into_iter().chain([shadow_message(name, kind, &report)]).collect()
    }
}
