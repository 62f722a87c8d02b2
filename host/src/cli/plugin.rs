//! `plugin`

use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Args, Subcommand};

use super::speculation::setting;

/// Components: element kinds and policies
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// List the components that are part of the program
    List,
    /// Load a component, and show what it implements or what is wrong with it
    Check(PluginCheckArgs),
}

/// `plugin check`
#[derive(Args, Debug)]
pub(crate) struct PluginCheckArgs {
    /// The component file; that of an element kind is named after the kind
    pub(crate) file: PathBuf,
    /// A setting, for a policy
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    pub(crate) settings: Vec<(String, String)>,
}
