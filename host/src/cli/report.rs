//! `report`

use std::path::PathBuf;

use clap::Args;

/// `report`
#[derive(Args, Debug)]
#[command(after_help = REPORT_HELP)]
pub(crate) struct ReportArgs {
    /// The recording: a file, or `last` for the last one that was kept
    #[arg(default_value = "last")]
    pub(crate) recording: PathBuf,
    /// Where the page is written; `-` for the standard output [default: spec-host-report.html]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write a trace, which Perfetto opens, and no page unless --output is given, too
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// A priming policy that is compared, with its settings after commas; can be given several times [default: that of
    /// the recording, built-in, none]
    #[arg(long = "policy", value_name = "POLICY")]
    pub(crate) policies: Vec<String>,
    /// With how many workers the policies are compared, separated by commas [default: 1,4,16,64]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) workers: Vec<u32>,
    /// How many different decisions are named for each number of workers
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) differences: usize,
    /// Overwrite files that are there
    #[arg(short, long)]
    pub(crate) force: bool,
}

const REPORT_HELP: &str = "Examples: spec-host report
          spec-host report app.recording -o app.html --policy recorded --policy priming-eager --workers 2,16
          spec-host report app.recording --trace app.json";
