//! `plugin`

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use clap::{Args, Subcommand};
use spec_plugin_package::{Language, PluginName, PluginReference, PluginWorld, ReferenceError, SdkSource};

use super::speculation::setting;

/// Plugins: element kinds and policies of speculation
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Begin a plugin: write a project that builds and passes its tests
    New(PluginNewArgs),
    /// Build the component of a plugin, with the tools of its language
    Build(PluginFolderArgs),
    /// Load a component, and show what it implements or what is wrong with it
    Check(PluginCheckArgs),
    /// Show what a component says of itself, without running it
    Inspect(PluginInspectArgs),
    /// List the plugins that this project uses, and those that are part of the program
    List(PluginListArgs),
    /// Ask a plugin the questions of its samples, and compare the answers with those that are expected
    Test(PluginTestArgs),
    /// Measure time, fuel and memory of a plugin's answers
    Bench(PluginBenchArgs),
    /// Add a plugin to this project and its lock
    Add(PluginAddArgs),
    /// Write the digests of this project's plugins to spec.lock
    Lock(PluginLockArgs),
    /// Copy the locked plugins into this project
    Vendor,
}

/// `plugin new`
#[derive(Args, Debug)]
#[command(after_help = "Example: spec-host plugin new priming-policy --lang rust only-long")]
pub(crate) struct PluginNewArgs {
    /// What it implements
    #[arg(value_name = "KIND", value_parser = world())]
    pub(crate) world: PluginWorld,
    /// Its name, in lower case with dashes; that of the kind for an element kind
    #[arg(value_name = "NAME")]
    pub(crate) name: PluginName,
    /// The language
    #[arg(long = "lang", value_name = "LANGUAGE", value_parser = language())]
    pub(crate) language: Language,
    /// The new folder [default: NAME, in the current one]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Where a plugin in Rust has spec-guest-sdk from: embedded (written into the project), path=FOLDER, git=URL or
    /// registry=VERSION
    #[arg(long, value_name = "SOURCE", default_value = "embedded")]
    pub(crate) sdk: SdkSource,
}

/// `plugin build`
#[derive(Args, Debug)]
pub(crate) struct PluginFolderArgs {
    /// The folder with spec-plugin.yaml
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
}

/// `plugin check`
#[derive(Args, Debug)]
pub(crate) struct PluginCheckArgs {
    /// A component, or the folder of a plugin that is built already; the component of a kind is named after the kind
    #[arg(value_name = "FILE|FOLDER")]
    pub(crate) plugin: PathBuf,
    /// A setting, for a policy
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    pub(crate) settings: Vec<(String, String)>,
}

/// `plugin inspect`
#[derive(Args, Debug)]
pub(crate) struct PluginInspectArgs {
    /// The component: a file, the folder of a plugin that is built already, a URL with #sha256=HEX, or
    /// oci://HOST/REPOSITORY:VERSION
    #[arg(value_name = "COMPONENT", value_parser = ValueParser::new(folder_or_reference))]
    pub(crate) component: PluginReference,
    /// Print everything as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `plugin list`
#[derive(Args, Debug)]
pub(crate) struct PluginListArgs {
    /// Print everything as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `plugin test`
#[derive(Args, Debug)]
pub(crate) struct PluginTestArgs {
    /// The folder with spec-plugin.yaml
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Ask this component, instead of building the plugin
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
    /// Write the answers into the samples as those that are expected
    #[arg(long)]
    pub(crate) update: bool,
}

/// `plugin bench`
#[derive(Args, Debug)]
pub(crate) struct PluginBenchArgs {
    /// A component, or the folder of a plugin that is built already
    #[arg(value_name = "FILE|FOLDER", default_value = ".")]
    pub(crate) plugin: PathBuf,
    /// A setting, for a policy
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    pub(crate) settings: Vec<(String, String)>,
    /// Print everything as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `plugin add`
#[derive(Args, Debug)]
#[command(after_help = "Example: spec-host plugin add oci://registry.example/team/only-long:1.0.0")]
pub(crate) struct PluginAddArgs {
    /// The component: a file, a URL with #sha256=HEX, or oci://HOST/REPOSITORY:VERSION
    #[arg(value_name = "COMPONENT")]
    pub(crate) component: PluginReference,
    /// Its name in this project [default: that of its manifest]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<PluginName>,
}

/// `plugin lock`
#[derive(Args, Debug)]
pub(crate) struct PluginLockArgs {
    /// Look again at what is locked already
    #[arg(long)]
    pub(crate) update: bool,
}

/// A folder need not look like a path.
fn folder_or_reference(text: &str) -> Result<PluginReference, ReferenceError> {
    match Path::new(text).is_dir() {
        true => Ok(PluginReference::Path(text.to_owned())),
        false => text.parse(),
    }
}

fn world() -> impl TypedValueParser<Value = PluginWorld> {
    PossibleValuesParser::new(PluginWorld::ALL.map(PluginWorld::as_str))
        .try_map(|name| name.parse::<PluginWorld>())
}

fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::ALL.map(Language::as_str)).try_map(|name| name.parse::<Language>())
}
