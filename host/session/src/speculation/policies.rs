//! The policies of a session.

use std::path::PathBuf;
use std::sync::Arc;

use spec_model::Digest;
use spec_plugins::{LoadedPolicy, PolicyComponent, PolicyLoadError, PolicyMemory};
use spec_project::ProjectConfig;
use spec_recording::{SessionRecorder, message};
use spec_scheduler::Message;
use spec_speculation::{
    GuardedOverlayPolicy, GuardedPrimingPolicy, NamedPolicy, SpeculationMode, TrialOverlayPolicy,
};
use spec_strategy::{BuiltInOverlayPolicy, OverlayPolicy, PolicyError};

use super::messages::BUILT_IN;
use super::policy_choice::{
    OVERLAY_POLICY_KEY, PLUGINS_KEY, PRIMING_POLICY_KEY, PolicyChoice, PolicySetting,
};
use super::policy_request::{policy_error, request, warning};
use super::recorded_policies::PolicyRecorder;
use super::shadow::ShadowPolicy;
use crate::error::Result;
use crate::session::Session;

/// The largest component whose digest is recorded, in bytes.
const MAX_COMPONENT_SIZE: u64 = 256 << 20;

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
    /// The one that is tried instead in this session, if there is one; `overlay` is what is usual.
    tried_overlay: Option<PolicyChoice>,
    priming: PolicyChoice,
    /// Whether there are options of policies beside the files.
    pub(super) has_policy_options: bool,
    shadow: Option<PolicyChoice>,
}

/// The loaded policies of a session.
#[derive(Clone, Default)]
pub(super) struct SessionPolicies {
    pub(super) overlay: GuardedOverlayPolicy,
    pub(super) priming: GuardedPrimingPolicy,
    pub(super) shadow: Option<ShadowPolicy>,
    shadow_name: String,
    /// The names of those that decide.
    pub(super) named: Vec<NamedPolicy>,
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
        let usual = PolicyOptions { component: None, settings: Vec::new(), ..overlay.clone() };
        let tried = has_options(&overlay).then(|| choose(overlay.clone(), project_overlay.clone()));
        Ok(Self {
            mode,
            has_policy_options: has_options(&overlay) || has_options(&priming),
            overlay: choose(usual, project_overlay),
            tried_overlay: tried,
            priming: choose(priming, project_priming),
            shadow: None,
        })
    }

    /// The same settings with a policy that is asked beside those of the session: the name of an embedded component, or a
    /// file.
    #[must_use]
    pub fn with_shadow(mut self, component: &str, settings: &[(String, String)]) -> Self {
        let mut choice = PolicyChoice::named(component);
        settings.iter().for_each(|(key, value)| choice.set(key, value));
        self.shadow = Some(choice);
        self
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
        let optional = self.tried_overlay.iter_mut().chain(&mut self.shadow);
        for choice in [&mut self.overlay, &mut self.priming].into_iter().chain(optional) {
            if let Some(PolicyComponent::Embedded(name)) = &choice.component
                && let Some(file) = find(name)?
            {
                choice.component = Some(PolicyComponent::File(file));
            }
        }
        Ok(self)
    }

    /// How much the session speculates.
    pub(crate) fn mode(&self) -> SpeculationMode {
        self.mode
    }

    /// The policies as a recording names them.
    pub(crate) fn recorded_policies(&self) -> Vec<message::Policy> {
        let overlay = self.tried_overlay.as_ref().unwrap_or(&self.overlay);
        vec![recorded_policy("overlay", overlay), recorded_policy("priming", &self.priming)]
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
        policies.named = settings.recorded_policies().into_iter().map(named).collect();
        let (overlay, memory) = overlay_policy(session, settings)?;
        (policies.overlay, memories.overlay) = (overlay, memory);
        if let Some(choice) = &settings.shadow {
            policies.shadow = Some(ShadowPolicy::load(session, choice)?);
            policies.shadow_name = recorded_policy("shadow", choice).name;
        }
        if let Some(request) = request(&settings.priming)?.filter(|_| settings.mode.primes()) {
            let loaded = session.plugins.priming_policy(&request, &session.project.config.name);
            match opened(loaded, &settings.priming)? {
                Ok(loaded) => {
                    policies.priming = GuardedPrimingPolicy::new(loaded.policy);
                    memories.priming = Some(loaded.memory);
                }
                Err(error) => policies.priming = GuardedPrimingPolicy::instead_of_failed(&error),
            }
        }
        policies.begin_shadow();
        Ok((policies, memories))
    }

    fn begin_shadow(&self) {
        self.shadow.iter().for_each(|shadow| shadow.listen(&self.overlay, &self.priming));
    }

    /// How the shadow policy decided, if there is one.
    pub(super) fn shadow_messages(&self) -> Vec<Message> {
        self.shadow.iter().flat_map(|shadow| shadow.messages(&self.shadow_name)).collect()
    }

    /// Records all questions and answers of a session that is recorded.
    pub(super) fn record_to(&self, recorder: &SessionRecorder) {
        if recorder.is_on() {
            self.overlay.add_listener(Arc::new(PolicyRecorder(recorder.clone())));
            self.priming.add_listener(Arc::new(PolicyRecorder(recorder.clone())));
        }
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

/// The overlay policy of a session, and where its state is kept: the usual one, or the one that is tried.
fn overlay_policy(
    session: &Session,
    settings: &SpeculationSettings,
) -> Result<(GuardedOverlayPolicy, Option<PolicyMemory>)> {
    type Loaded = std::result::Result<(Box<dyn OverlayPolicy>, Option<PolicyMemory>), PolicyError>;
    let load = |choice: &PolicyChoice| -> Result<Loaded> {
        let Some(request) = request(choice)? else { return Ok(Ok((Box::new(BuiltInOverlayPolicy), None))) };
        let loaded = session.plugins.overlay_policy(&request, &session.project.config.name);
        Ok(opened(loaded, choice)?.map(|loaded| (loaded.policy, Some(loaded.memory))))
    };
    let guarded = |loaded: Loaded| match loaded {
        Ok((policy, memory)) => (GuardedOverlayPolicy::new(policy), memory),
        Err(error) => (GuardedOverlayPolicy::instead_of_failed(&error), None),
    };
    let Some(tried) = &settings.tried_overlay else { return Ok(guarded(load(&settings.overlay)?)) };
    match load(tried)? {
        Ok((tried, memory)) => {
            // Something may be tried because the usual policy is broken. The built-in one selects everything.
            let usual = load(&settings.overlay).map(guarded).map(|(usual, _)| usual).unwrap_or_default();
            Ok((GuardedOverlayPolicy::new(Box::new(TrialOverlayPolicy::new(tried, usual))), memory))
        }
        failed => Ok(guarded(failed)),
    }
}

/// The policy, or why it failed when its session was opened, which must not stop a build.
///
/// # Errors
/// When it cannot be loaded, or refuses its settings.
fn opened<P: ?Sized>(
    loaded: std::result::Result<LoadedPolicy<P>, PolicyLoadError>,
    choice: &PolicyChoice,
) -> Result<std::result::Result<LoadedPolicy<P>, PolicyError>> {
    match loaded {
        Ok(loaded) => Ok(Ok(loaded)),
        Err(PolicyLoadError::Failed(error)) => Ok(Err(error)),
        Err(error) => Err(policy_error(error, choice)),
    }
}

fn recorded_policy(kind: &str, choice: &PolicyChoice) -> message::Policy {
    let setting =
        |setting: &PolicySetting| message::Setting { key: setting.key.clone(), value: setting.value.clone() };
    let (name, digest) = match &choice.component {
        None => (BUILT_IN.to_owned(), String::new()),
        Some(PolicyComponent::Embedded(name)) => (name.clone(), String::new()),
        Some(PolicyComponent::File(file)) => {
            let bytes = spec_files::read(file, MAX_COMPONENT_SIZE);
            let digest = bytes.map(|bytes| Digest::of(&bytes).hex()).unwrap_or_default();
            (file.display().to_string(), digest)
        }
    };
    message::Policy {
        kind: kind.to_owned(),
        name,
        digest,
        settings: choice.settings.iter().map(setting).collect(),
    }
}

fn named(policy: message::Policy) -> NamedPolicy {
    let message::Policy { kind, name, digest, settings } = policy;
    let settings = settings.into_iter().map(|setting| format!("{}={}", setting.key, setting.value)).collect();
    NamedPolicy { kind, name, digest, settings }
}

fn choose(options: PolicyOptions, of_project: Option<PolicyChoice>) -> PolicyChoice {
    let PolicyOptions { component, settings, configured } = options;
    let named = component.map(|name| PolicyChoice::named(&name));
    let mut choice = named.or(configured).or(of_project).unwrap_or_else(PolicyChoice::built_in);
    settings.iter().for_each(|(key, value)| choice.set(key, value));
    choice
}
