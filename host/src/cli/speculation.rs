//! Options of speculative actions.

use clap::Args;
use clap::builder::ValueParser;
use spec_speculation::SpeculationMode;

/// How much is run ahead, and who decides what.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SpeculationArgs {
    /// How much is run ahead of builds with a remote-apis-socket: none, prime-only, source-artifact, intra-element, full
    /// [default: as the configuration says, or full]
    #[arg(long = "speculation", value_name = "MODE")]
    pub(crate) mode: Option<SpeculationMode>,
    /// Who says where inputs of recorded actions come from: a name (see `plugin list`) or a component file
    #[arg(long, value_name = "NAME|FILE")]
    overlay_policy: Option<String>,
    /// A setting of the overlay policy
    #[arg(long, value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    overlay_setting: Vec<(String, String)>,
    /// Who says which predicted actions are run: a name (see `plugin list`) or a component file
    #[arg(long, value_name = "NAME|FILE")]
    priming_policy: Option<String>,
    /// A setting of the priming policy
    #[arg(long, value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    priming_setting: Vec<(String, String)>,
}

/// What the command line says of one policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyArgs<'a> {
    /// Its name or file.
    pub(crate) component: Option<&'a str>,
    /// Settings; they go over those of the configuration.
    pub(crate) settings: &'a [(String, String)],
}

impl PolicyArgs<'_> {
    /// Whether there is anything of it.
    pub(crate) fn says_something(&self) -> bool {
        self.component.is_some() || !self.settings.is_empty()
    }
}

impl SpeculationArgs {
    /// The overlay policy.
    pub(crate) fn overlay(&self) -> PolicyArgs<'_> {
        PolicyArgs { component: self.overlay_policy.as_deref(), settings: &self.overlay_setting }
    }

    /// The priming policy.
    pub(crate) fn priming(&self) -> PolicyArgs<'_> {
        PolicyArgs { component: self.priming_policy.as_deref(), settings: &self.priming_setting }
    }
}

/// `KEY=VALUE`.
pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, for example least-ms=20".to_owned()),
    }
}
