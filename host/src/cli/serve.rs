//! `serve`

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::Args;

use super::cache::size;
use crate::log::LogFormat;
use crate::values::{SizeSetting, number_ranges};

/// User or group numbers; `None` for all.
#[derive(Clone, Debug)]
pub(crate) struct AllowedNumbers(pub(crate) Option<Vec<RangeInclusive<u32>>>);

fn numbers(text: &str) -> Result<AllowedNumbers, String> {
    number_ranges(text).map(AllowedNumbers).map_err(|expected| format!("expected {expected}"))
}

/// `serve`
#[derive(Args, Debug)]
#[command(after_help = "Example: spec-host serve --listen 127.0.0.1:8980 --listen unix:/run/spec-host.sock")]
pub(crate) struct ServeArgs {
    /// Where to listen: HOST:PORT or unix:PATH; can be repeated
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8980")]
    pub(crate) listen: Vec<String>,
    /// An instance name to answer to; can be repeated [default: the empty one]
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Vec<String>,
    /// Let no client write
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Accept no results of actions that clients executed themselves
    #[arg(long)]
    pub(crate) no_result_uploads: bool,
    /// How many actions run at a time; 0 runs none [default: one per CPU]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    /// How many actions may wait for a worker
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) max_queued: usize,
    /// Let actions use the host's network [default: as configured, else not]
    #[arg(long)]
    pub(crate) allow_network: bool,
    /// Which user numbers actions may run under, such as 0,1000-1999, or all [default: as configured, else all]
    #[arg(long, value_name = "NUMBERS", value_parser = numbers)]
    pub(crate) allow_users: Option<AllowedNumbers>,
    /// Which group numbers actions may run under [default: as configured, else all]
    #[arg(long, value_name = "NUMBERS", value_parser = numbers)]
    pub(crate) allow_groups: Option<AllowedNumbers>,
    /// Let no action have a socket of this server [default: as configured, else they may]
    #[arg(long)]
    pub(crate) no_action_sockets: bool,
    /// How large the cache may become, such as 50G or 30% of the disk [default: as configured]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) quota: Option<SizeSetting>,
    /// A file with bearer tokens of clients that may read, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) read_tokens: Option<PathBuf>,
    /// A file with bearer tokens of clients that may also write, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) write_tokens: Option<PathBuf>,
    /// The server's certificate for TLS over TCP, in PEM form
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its private key, in PEM form
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Accept only clients with a certificate from an authority in this file
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Where to serve metrics for Prometheus, at /metrics: HOST:PORT or unix:PATH
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<String>,
    /// The format of log lines; with --debug there is one for each request
    #[arg(long, value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
    /// Seconds in which running requests must end after a signal
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) grace: u64,
}
