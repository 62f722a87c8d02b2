//! Options of speculative actions.

use clap::Args;
use clap::builder::ValueParser;
use spec_session::PolicyOptions;
use spec_speculation::SpeculationMode;

/// The mode of speculation, and its policies.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SpeculationArgs {
    /// Which predicted actions of builds with a remote-apis-socket are run ahead: none, prime-only, source-artifact,
    /// intra-element, full [default: as configured, or full]
    #[arg(long = "speculation", value_name = "MODE")]
    pub(crate) mode: Option<SpeculationMode>,
    /// The overlay policy, which decides where inputs of recorded actions come from: a name (see `plugin list`) or a
    /// component file
    #[arg(long, value_name = "NAME|FILE")]
    overlay_policy: Option<String>,
    /// A setting of the overlay policy
    #[arg(long, value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    overlay_setting: Vec<(String, String)>,
    /// The priming policy, which decides which predicted actions are run: a name (see `plugin list`) or a component
    /// file
    #[arg(long, value_name = "NAME|FILE")]
    priming_policy: Option<String>,
    /// A setting of the priming policy
    #[arg(long, value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    priming_setting: Vec<(String, String)>,
    /// A second policy, which is asked the same questions; the end of the build says where it would have decided
    /// differently, and what would have come of it
    #[arg(long, value_name = "NAME|FILE")]
    shadow_policy: Option<String>,
    /// A setting of the second policy
    #[arg(long, value_name = "KEY=VALUE", requires = "shadow_policy", value_parser = ValueParser::new(setting))]
    shadow_setting: Vec<(String, String)>,
}

impl SpeculationArgs {
    /// The options of the overlay policy.
    pub(crate) fn overlay(&self) -> PolicyOptions {
        let (component, settings) = (self.overlay_policy.clone(), self.overlay_setting.clone());
        PolicyOptions { component, settings, configured: None }
    }

    /// The options of the priming policy.
    pub(crate) fn priming(&self) -> PolicyOptions {
        let (component, settings) = (self.priming_policy.clone(), self.priming_setting.clone());
        PolicyOptions { component, settings, configured: None }
    }
}

impl SpeculationArgs {
    /// The second policy, with its settings.
    pub(crate) fn shadow(&self) -> Option<(&str, &[(String, String)])> {
        Some((self.shadow_policy.as_deref()?, &self.shadow_setting))
    }
}

/// `KEY=VALUE`.
pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, for example least-ms=20".to_owned()),
    }
}
