//! The policies of a session.

use std::path::PathBuf;

use spec_model::UserError;
use spec_plugins::{PolicyComponent, PolicyLoadError, PolicyMemory, PolicyRequest};
use spec_project::ProjectConfig;
use spec_scheduler::Message;
use spec_speculation::{GuardedOverlayPolicy, GuardedPrimingPolicy, PolicyWarning, SpeculationMode};

use super::policy_choice::{
    OVERLAY_POLICY_KEY, PLUGINS_KEY, PRIMING_POLICY_KEY, PolicyChoice, PolicySetting,
};
use crate::error::{Result, SessionError};
use crate::session::Session;

/// The user's choice of one policy.
#[derive(Clone, Debug, Default)]
pub struct PolicyOptions {
    /// The name of an embedded component, or a file; it takes precedence over `configured`.
    pub component: Option<String>,
    /// Settings that replace those of the choice.
    pub settings: Vec<(String, String)>,
    /// The choice of the user configuration; it takes precedence over the project's.
    pub configured: Option<PolicyChoice>,
}

/// The settings of speculation.
#[derive(Clone, Debug)]
pub struct SpeculationSettings {
    pub(super) mode: SpeculationMode,
    overlay: PolicyChoice,
    priming: PolicyChoice,
    /// Whether there are options of policies beside the files.
    pub(super) has_policy_options: bool,
}

/// The loaded policies of a session.
#[derive(Clone, Default)]
pub(super) struct SessionPolicies {
    pub(super) overlay: GuardedOverlayPolicy,
    pub(super) priming: GuardedPrimingPolicy,
}

impl SpeculationSettings {
    /// The settings of the user, and of the project where the user has none.
    ///
    /// # Errors
    /// When those of the project are wrong.
    pub fn new(
        mode: SpeculationMode,
        overlay: PolicyOptions,
        priming: PolicyOptions,
        project: &ProjectConfig,
    ) -> Result<Self> {
        let of_project = &project.spec_host_settings;
        of_project.validate_keys(&[OVERLAY_POLICY_KEY, PRIMING_POLICY_KEY, PLUGINS_KEY])?;
        let file = |name: &str| project.directory.join(name);
        let project_overlay = PolicyChoice::of(of_project, OVERLAY_POLICY_KEY, &file)?;
        let project_priming = PolicyChoice::of(of_project, PRIMING_POLICY_KEY, &file)?;
        let has_options =
            |options: &PolicyOptions| options.component.is_some() || !options.settings.is_empty();
        Ok(Self {
            mode,
            has_policy_options: has_options(&overlay) || has_options(&priming),
            overlay: choose(overlay, project_overlay),
            priming: choose(priming, project_priming),
        })
    }
}

impl SpeculationSettings {
    /// Takes policies that are plugins of the project, or are named by references, from the files that `find` tells; it answers
    /// `None` for other names.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn with_plugins<E>(mut self, find: impl Fn(&str) -> Result<Option<PathBuf>, E>) -> Result<Self, E> {
        if self.mode == SpeculationMode::None {
            return Ok(self);
        }
        for choice in [&mut self.overlay, &mut self.priming] {
            if let Some(PolicyComponent::Embedded(name)) = &choice.component
                && let Some(file) = find(name)?
            {
                choice.component = Some(PolicyComponent::File(file));
            }
        }
        Ok(self)
    }

    /// The settings of a session that only primes: a mode that does not prime becomes the default one.
    #[must_use]
    pub fn for_priming_run(self) -> Self {
        let mode = if self.mode.primes() { self.mode } else { SpeculationMode::Full };
        Self { mode, ..self }
    }
}

/// Where the states of policies are kept; `None` for a built-in one.
#[derive(Default)]
pub(super) struct PolicyMemories {
    pub(super) overlay: Option<PolicyMemory>,
    pub(super) priming: Option<PolicyMemory>,
}

impl SessionPolicies {
    /// Loads the policies, and returns where their states are kept. In the mode `none`, no policy is loaded.
    ///
    /// # Errors
    /// When a policy does not exist, is not a policy, or refuses its settings.
    pub(super) fn load(session: &Session, settings: &SpeculationSettings) -> Result<(Self, PolicyMemories)> {
        let (mut policies, mut memories) = <(Self, PolicyMemories)>::default();
        if settings.mode == SpeculationMode::None {
            return Ok((policies, memories));
        }
        let project = &session.project.config.name;
        if let Some(request) = request(&settings.overlay)? {
            let loaded = session.plugins.overlay_policy(&request, project);
            let loaded = loaded.map_err(|error| policy_error(error, &settings.overlay))?;
            policies.overlay = GuardedOverlayPolicy::new(loaded.policy);
            memories.overlay = Some(loaded.memory);
        }
        let Some(request) = request(&settings.priming)?.filter(|_| settings.mode.primes()) else {
            return Ok((policies, memories));
        };
        let loaded = session.plugins.priming_policy(&request, project);
        let loaded = loaded.map_err(|error| policy_error(error, &settings.priming))?;
        policies.priming = GuardedPrimingPolicy::new(loaded.policy);
        memories.priming = Some(loaded.memory);
        Ok((policies, memories))
    }

    /// Warnings about policies that failed, each once.
    pub(super) fn warnings(&self) -> Vec<Message> {
        let warnings = [self.overlay.take_warning(), self.priming.take_warning()];
        warnings.into_iter().flatten().map(warning).collect()
    }

    /// Keeps the state of the priming policy for the next session, unless the policy failed.
    pub(super) fn keep_priming_state(&self, memory: &PolicyMemory) {
        keep(self.priming.remember(), memory);
    }

    /// Keeps the state of the overlay policy for the next session, unless the policy failed.
    pub(super) fn keep_overlay_state(&self, memory: &PolicyMemory) {
        keep(self.overlay.remember(), memory);
    }
}

fn keep(state: Option<Vec<u8>>, memory: &PolicyMemory) {
    if let Some(Err(error)) = state.map(|state| memory.store(&state)) {
        tracing::debug!("the state of a policy cannot be kept: {error}");
    }
}

/// The request for a component; `None` for the built-in policy.
fn request(choice: &PolicyChoice) -> Result<Option<PolicyRequest>> {
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

fn policy_error(error: PolicyLoadError, choice: &PolicyChoice) -> SessionError {
    let setting = error.key().and_then(|key| choice.settings.iter().find(|setting| setting.key == key));
    let position = setting.map_or(&choice.position, |setting| &setting.position).clone();
    SessionError::Policy { error, position }
}

fn warning(warning: PolicyWarning) -> Message {
    Message { detail: warning.hint(), ..Message::warning(warning.reason(), warning.to_string()) }
}

fn choose(options: PolicyOptions, of_project: Option<PolicyChoice>) -> PolicyChoice {
    let PolicyOptions { component, settings, configured } = options;
    let named = component.map(|name| PolicyChoice::named(&name));
    let mut choice = named.or(configured).or(of_project).unwrap_or_else(PolicyChoice::built_in);
    settings.iter().for_each(|(key, value)| choice.set(key, value));
    choice
}
