//! `policy`

use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Args, Subcommand};

use super::speculation::setting;

/// Recording a session.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RecordingArgs {
    /// Record everything that policies could want to know into a file, for `policy replay`
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Write when elements and actions ran as a trace, which Perfetto opens
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
}

/// Policies and recordings
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List the recordings of the last builds, which are kept
    Recordings,
    /// Predict how long a recorded build would have taken with another policy
    Replay(ReplayArgs),
    /// Compare policies on recordings
    Compare(CompareArgs),
}

/// `policy replay`
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// The recording: a file, or `last` for the last one that was kept
    pub(crate) recording: PathBuf,
    /// The priming policy: a name (see `plugin list`), a component file, `built-in`, `none`, or `recorded`
    #[arg(long, value_name = "NAME|FILE", default_value = RECORDED)]
    pub(crate) priming_policy: String,
    /// A setting of the priming policy
    #[arg(long, value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    pub(crate) priming_setting: Vec<(String, String)>,
    /// The overlay policy
    #[arg(long, value_name = "NAME|FILE", default_value = RECORDED)]
    pub(crate) overlay_policy: String,
    /// A setting of the overlay policy
    #[arg(long, value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    pub(crate) overlay_setting: Vec<(String, String)>,
    /// How many actions are executed at a time [default: as recorded]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) workers: Option<u32>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `policy compare`
#[derive(Args, Debug)]
#[command(after_help = COMPARE_HELP)]
pub(crate) struct CompareArgs {
    /// Recordings, and priming policies with their settings
    #[arg(value_name = "RECORDING|POLICY", required = true)]
    pub(crate) subjects: Vec<String>,
    /// The overlay policy of all replays
    #[arg(long, value_name = "NAME|FILE", default_value = RECORDED)]
    pub(crate) overlay_policy: String,
    /// A setting of the overlay policy
    #[arg(long, value_name = "KEY=VALUE", value_parser = ValueParser::new(setting))]
    pub(crate) overlay_setting: Vec<(String, String)>,
    /// The numbers of workers, separated by commas [default: as recorded]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) workers: Vec<u32>,
    /// How many different decisions are named
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) differences: usize,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The policy that a recording names, with its settings.
const RECORDED: &str = "recorded";

const COMPARE_HELP: &str = "A policy is a name (see `plugin list`), a file that ends in .wasm, `built-in`, `none`, or \
`recorded`; its settings follow with commas: priming-selective,least-ms=20. Everything else is a recording: a file, or \
`last`.

Example: spec-host policy compare last built-in priming-eager none --workers 2,16";
