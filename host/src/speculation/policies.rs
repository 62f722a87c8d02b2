//! The policies of a session.

use spec_model::{NodeError, UserError};
use spec_plugins::{PolicyLoadError, PolicyMemory, PolicyRequest};
use spec_project::ProjectConfig;
use spec_scheduler::{Message, MessageLevel};
use spec_speculation::{GuardedOverlayPolicy, GuardedPrimingPolicy, PolicyWarning, SpeculationMode};

use crate::cli::{PolicyArgs, SpeculationArgs};
use crate::config::policy::{self, Setting};
use crate::config::{Config, PolicyChoice};
use crate::error::{Blame, CommandError, CommandResult};
use crate::session::Session;

/// The settings of speculation. The command line goes before the user configuration, and that before the project.
pub(crate) struct SpeculationSettings {
    pub(super) mode: SpeculationMode,
    overlay: PolicyChoice,
    priming: PolicyChoice,
    /// Whether the command line has options of policies.
    pub(super) has_policy_options: bool,
}

/// The loaded policies of a session.
#[derive(Clone, Default)]
pub(super) struct SessionPolicies {
    pub(super) overlay: GuardedOverlayPolicy,
    pub(super) priming: GuardedPrimingPolicy,
}

impl SpeculationSettings {
    /// Reads the settings of the command line, the user configuration and the project.
    ///
    /// # Errors
    /// When those of the project are wrong.
    pub(crate) fn new(
        args: &SpeculationArgs,
        config: &Config,
        project: &ProjectConfig,
    ) -> Result<Self, NodeError> {
        let of_project = &project.of_program;
        of_project.validate_keys(&[policy::OVERLAY, policy::PRIMING])?;
        let file = |name: &str| project.directory.join(name);
        let overlay = PolicyChoice::of(of_project, policy::OVERLAY, &file)?;
        let priming = PolicyChoice::of(of_project, policy::PRIMING, &file)?;
        Ok(Self {
            mode: args.mode.unwrap_or(config.speculation),
            overlay: choose(args.overlay(), config.overlay_policy.as_ref(), overlay),
            priming: choose(args.priming(), config.priming_policy.as_ref(), priming),
            has_policy_options: [args.overlay(), args.priming()].iter().any(PolicyArgs::says_something),
        })
    }
}

impl SessionPolicies {
    /// Loads the policies, and returns where the state of the priming policy is kept. In the mode `none`, no policy is
    /// loaded.
    ///
    /// # Errors
    /// When a policy does not exist, is not a policy, or refuses its settings.
    pub(super) fn load(
        session: &Session,
        settings: &SpeculationSettings,
    ) -> CommandResult<(Self, Option<PolicyMemory>)> {
        let mut policies = Self::default();
        if settings.mode == SpeculationMode::None {
            return Ok((policies, None));
        }
        if let Some(request) = request(&settings.overlay)? {
            let policy = session.plugins.overlay_policy(&request);
            policies.overlay =
                GuardedOverlayPolicy::new(policy.map_err(|error| refused(error, &settings.overlay))?);
        }
        let Some(request) = request(&settings.priming)?.filter(|_| settings.mode.primes()) else {
            return Ok((policies, None));
        };
        let policy = session.plugins.priming_policy(&request, &session.project.config.name);
        let (policy, memory) = policy.map_err(|error| refused(error, &settings.priming))?;
        policies.priming = GuardedPrimingPolicy::new(policy);
        Ok((policies, Some(memory)))
    }

    /// Warnings about policies that failed, each once.
    pub(super) fn warnings(&self) -> Vec<Message> {
        let warnings = [self.overlay.take_warning(), self.priming.take_warning()];
        warnings.into_iter().flatten().map(warning).collect()
    }

    /// Keeps the state of the priming policy for the next session, unless the policy failed.
    pub(super) fn keep_state(&self, memory: &PolicyMemory) {
        let kept = self.priming.remember().map(|bytes| memory.store(&bytes));
        if let Some(Err(error)) = kept {
            tracing::debug!("the state of the priming policy cannot be kept: {error}");
        }
    }
}

/// The request for a component; `None` for the built-in policy.
fn request(choice: &PolicyChoice) -> CommandResult<Option<PolicyRequest>> {
    match (&choice.component, choice.settings.first()) {
        (None, None) => Ok(None),
        (None, Some(setting)) => {
            let message = format!(
                "the built-in policy has no setting '{}'; choose the policy that has it",
                setting.key
            );
            Err(CommandError::usage("policy-unknown-setting", message).at(setting.place.clone()))
        }
        (Some(component), _) => {
            let pair = |setting: &Setting| (setting.key.clone(), setting.value.clone());
            let settings = choice.settings.iter().map(pair).collect();
            Ok(Some(PolicyRequest { component: component.clone(), settings }))
        }
    }
}

/// The error, with the place of the wrong setting or of the choice.
fn refused(error: PolicyLoadError, choice: &PolicyChoice) -> CommandError {
    let setting = error.key().and_then(|key| choice.settings.iter().find(|setting| setting.key == key));
    let place = setting.map_or(&choice.place, |setting| &setting.place).clone();
    CommandError::from(error).at(place).blame(Blame::Usage)
}

fn warning(warning: PolicyWarning) -> Message {
    Message {
        element: None,
        level: MessageLevel::Warning,
        reason: warning.reason().to_owned(),
        text: warning.to_string(),
        detail: None,
        figures: Vec::new(),
    }
}

/// The choice of the command line, the user or the project, in this order. Settings of the command line are added to it.
fn choose(
    args: PolicyArgs<'_>,
    of_user: Option<&PolicyChoice>,
    of_project: Option<PolicyChoice>,
) -> PolicyChoice {
    let named = args.component.map(PolicyChoice::named);
    let mut choice = named.or(of_user.cloned()).or(of_project).unwrap_or_else(PolicyChoice::built_in);
    args.settings.iter().for_each(|(key, value)| choice.set(key, value));
    choice
}
