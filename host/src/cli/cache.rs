//! `cache ...`

use clap::Subcommand;

use crate::values::SizeSetting;

/// Check, count and clean the cache.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Show how much disk the cache uses
    Usage,
    /// Read every blob, and move damaged ones to quarantine so that they are made again
    Verify,
    /// Remove what was not used for the longest time
    Clean {
        /// The size to which the cache is reduced, such as 10G, or 30% of the disk [default: the quota]
        #[arg(long, value_name = "SIZE", value_parser = size)]
        to: Option<SizeSetting>,
    },
}

/// Reads a size of the command line.
pub(super) fn size(text: &str) -> Result<SizeSetting, String> {
    SizeSetting::parse(text).ok_or_else(|| "expected a size such as 800M, 10G, 50%".to_owned())
}
