//! The policies of a session.

use spec_model::{NodeError, UserError};
use spec_plugins::{Memory, PolicyLoadError, PolicyRequest};
use spec_project::ProjectConfig;
use spec_scheduler::{Message, MessageLevel};
use spec_speculation::{Mode, OverlaySlot, PolicyWarning, PrimingSlot};

use crate::cli::{PolicyArgs, SpeculationArgs};
use crate::config::policy::{self, Setting};
use crate::config::{Config, PolicyChoice};
use crate::error::{Blame, CommandError, CommandResult};
use crate::session::Session;

/// What is wanted of speculation: the command line goes before the user configuration, and that before the project.
pub(crate) struct Wanted {
    pub(super) mode: Mode,
    overlay: PolicyChoice,
    priming: PolicyChoice,
    /// Whether the command line says anything of policies.
    pub(super) is_typed: bool,
}

/// The policies of a session, loaded.
#[derive(Clone, Default)]
pub(super) struct Policies {
    pub(super) overlay: OverlaySlot,
    pub(super) priming: PrimingSlot,
}

impl Wanted {
    /// What the command line, the user configuration and the project say.
    ///
    /// # Errors
    /// When what the project says is wrong.
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
            is_typed: [args.overlay(), args.priming()].iter().any(PolicyArgs::says_something),
        })
    }
}

impl Policies {
    /// Loads what is wanted, and tells where the priming policy's memory is. Without speculation nothing is wanted.
    ///
    /// # Errors
    /// When a policy is not there, is none, or refuses its settings: the user's to mend.
    pub(super) fn load(session: &Session, wanted: &Wanted) -> CommandResult<(Self, Option<Memory>)> {
        let mut policies = Self::default();
        if wanted.mode == Mode::None {
            return Ok((policies, None));
        }
        if let Some(request) = request(&wanted.overlay)? {
            let policy = session.plugins.overlay_policy(&request);
            policies.overlay = OverlaySlot::new(policy.map_err(|error| refused(error, &wanted.overlay))?);
        }
        let Some(request) = request(&wanted.priming)?.filter(|_| wanted.mode.primes()) else {
            return Ok((policies, None));
        };
        let policy = session.plugins.priming_policy(&request, &session.project.config.name);
        let (policy, memory) = policy.map_err(|error| refused(error, &wanted.priming))?;
        policies.priming = PrimingSlot::new(policy);
        Ok((policies, Some(memory)))
    }

    /// What became of policies that failed; each is told once.
    pub(super) fn warnings(&self) -> Vec<Message> {
        let warnings = [self.overlay.take_warning(), self.priming.take_warning()];
        warnings.into_iter().flatten().map(warning).collect()
    }

    /// Keeps what the priming policy wants to know in the next session. A policy that was dropped has nothing to say.
    pub(super) fn remember(&self, memory: &Memory) {
        let kept = self.priming.remember().map(|bytes| memory.keep(&bytes));
        if let Some(Err(error)) = kept {
            tracing::debug!("what the priming policy remembers cannot be kept: {error}");
        }
    }
}

/// What to ask for; `None` for the built-in policy.
fn request(choice: &PolicyChoice) -> CommandResult<Option<PolicyRequest>> {
    match (&choice.component, choice.settings.first()) {
        (None, None) => Ok(None),
        (None, Some(setting)) => {
            let message =
                format!("the built-in policy has no settings, and '{}' is one; name a policy", setting.key);
            Err(CommandError::usage("policy-unknown-setting", message).at(setting.place.clone()))
        }
        (Some(component), _) => {
            let pair = |setting: &Setting| (setting.key.clone(), setting.value.clone());
            let settings = choice.settings.iter().map(pair).collect();
            Ok(Some(PolicyRequest { component: component.clone(), settings }))
        }
    }
}

/// The error with the place of the setting at fault, or else of the choice.
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

/// The first of the three that says something; settings of the command line are for whichever it is.
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
