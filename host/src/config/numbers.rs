//! Numbers of the configuration.

use spec_model::{Mapping, NodeError};

/// More parallel jobs than this bring little (BuildStream's bound).
const MOST_DEFAULT_JOBS: usize = 8;

/// The number of jobs for a setting: 0 means the default.
pub(super) fn max_jobs(asked: u32) -> u32 {
    if asked == 0 { default_max_jobs() } else { asked }
}

/// As many jobs as there are CPUs, at most 8.
pub(super) fn default_max_jobs() -> u32 {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(cpus.min(MOST_DEFAULT_JOBS)).unwrap_or(1)
}

/// Sets a number that is at least `least`, if the key exists.
pub(crate) fn take(section: &Mapping, key: &str, least: u32, to: &mut u32) -> Result<(), NodeError> {
    if let Some(node) = section.get(key) {
        let number = u32::try_from(node.as_int()?).ok().filter(|number| *number >= least);
        *to = number.ok_or_else(|| node.expected(&format!("a whole number of at least {least}")))?;
    }
    Ok(())
}

/// Sets a number of lines or digits, if the key exists.
pub(super) fn take_size(section: &Mapping, key: &str, to: &mut usize) -> Result<(), NodeError> {
    let mut number = 0;
    if section.get(key).is_some() {
        take(section, key, 0, &mut number)?;
        *to = number as usize;
    }
    Ok(())
}
