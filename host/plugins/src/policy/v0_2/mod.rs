//! Policies of version 0.2.

mod overlay;
mod priming;
mod settings;

pub(super) use overlay::open_overlay_policy;
pub(super) use priming::open_priming_policy;
