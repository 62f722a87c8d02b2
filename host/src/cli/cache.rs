//! `cache ...`

use clap::Subcommand;

use crate::config::SizeSetting;

/// Check, count and clean the cache.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Count what the cache takes
    Usage,
    /// Read every blob, and put damaged ones aside so that they are made again
    Verify,
    /// Remove what was not used for the longest time
    Clean {
        /// Until the cache takes this much, such as 10G, or 30% of the disk [default: what the quota says]
        #[arg(long, value_name = "SIZE", value_parser = size)]
        to: Option<SizeSetting>,
    },
}

/// Reads a size of the command line.
pub(super) fn size(text: &str) -> Result<SizeSetting, String> {
    SizeSetting::parse(text).ok_or_else(|| "expected a size such as 800M, 10G, 50%".to_owned())
}
