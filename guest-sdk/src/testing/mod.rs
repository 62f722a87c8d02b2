//! Native tests of plugins, without a host: settings as the host checks them, elements, facts and logged messages.
//!
//! What a plugin would import from the host is answered from here, for the thread of the test.

mod element;
mod facts;
mod log;
mod settings;

pub use element::{Config, TestElement};
pub use facts::{TestAction, TestFacts, TestInput, TestProjectElement};
pub use log::{logged, set_lowest_level};
pub use settings::settings;

pub use crate::surroundings::{TestStagedElement, TestSurroundings};

pub(crate) use facts::ask;
pub(crate) use log::{is_enabled, take_message};

use crate::overlay::OverlayPolicy;
use crate::priming::PrimingPolicy;
use crate::settings::Refusal;

/// Opens a priming policy with these settings, as the host does, without a memory.
///
/// # Errors
/// When the settings are not those of its description, or the policy refuses them.
pub fn open_priming<P: PrimingPolicy>(given: &[(&str, &str)]) -> Result<P, Refusal> {
    P::open(&settings(&P::describe(), given)?, &[])
}

/// Opens an overlay policy with these settings, as the host does, without a memory.
///
/// # Errors
/// When the settings are not those of its description, or the policy refuses them.
pub fn open_overlay<P: OverlayPolicy>(given: &[(&str, &str)]) -> Result<P, Refusal> {
    P::open(&settings(&P::describe(), given)?, &[])
}
