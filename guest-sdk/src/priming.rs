//! Priming policies: which predicted actions are worth running ahead of the build.
//!
//! ```ignore
//! struct Cautious;
//!
//! impl PrimingPolicy for Cautious {
//!     fn open(_: &mut Settings, _: &[u8]) -> Result<Self, SettingsError> {
//!         Ok(Self)
//!     }
//!
//!     fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Vec<Decision> {
//!         let decide = |_: &Candidate| if machine.real == 0 { Decision::Submit(0) } else { Decision::Hold };
//!         candidates.iter().map(decide).collect()
//!     }
//! }
//!
//! spec_guest_sdk::export_priming_policy!(Cautious);
//! ```

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::{Settings, SettingsError, panics};

pub mod bindings {
    //! The world `priming-policy` as generated from its WIT text.

    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({
        path: "../wit/0.1/priming-policy",
        world: "priming-policy",
        pub_export_macro: true,
        default_bindings_module: "spec_guest_sdk::priming::bindings",
    });
}

pub use bindings::exports::spec::priming_policy::policy::{
    Candidate, Decision, Machine, Observation, Outcome, SkipReason,
};
use bindings::exports::spec::priming_policy::policy::{
    Guest, GuestSession, Refusal, RefusalReason, Session as SessionHandle,
};
pub use bindings::spec::priming_policy::log::{Level, log};

/// The priority of actions that run last.
pub const LOWEST_PRIORITY: u16 = 1000;

/// The priority of an action that a chain of actions of this length waits for, in milliseconds: longer chains go first.
/// Lengths that differ by 3 % or more have different priorities, whether they are milliseconds or days.
#[must_use]
pub fn priority(waiting_ms: u32) -> u16 {
    let octave = waiting_ms.max(1).ilog2();
    let within = (31 * u64::from(waiting_ms.max(1) - (1 << octave))) >> octave;
    // At most 31 * 31 + 30.
    LOWEST_PRIORITY - (31 * octave) as u16 - within as u16
}

/// A priming policy at work in one session.
pub trait PrimingPolicy: Sized + 'static {
    /// Opens a session. `memory` is what [`remember`](Self::remember) gave in the last one; empty the first time.
    ///
    /// # Errors
    /// When a setting is wrong. Keys that the policy did not read are rejected afterwards.
    fn open(settings: &mut Settings, memory: &[u8]) -> Result<Self, SettingsError>;

    /// Decides about candidates: as many decisions, in the same order.
    fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Vec<Decision>;

    /// Tells the policy how actions that it submitted were used.
    fn observe(&mut self, _outcomes: &[Observation]) {}

    /// The state that the next session gets as its `memory`, at most 64 KiB.
    fn remember(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// A [`PrimingPolicy`] in the form of the component's exports; named by
/// [`export_priming_policy!`](crate::export_priming_policy) alone.
pub struct ExportedPrimingPolicy<P>(PhantomData<P>);

/// A [`PrimingPolicy`] as the resource that the host holds.
pub struct PrimingSession<P>(RefCell<P>);

impl<P: PrimingPolicy> Guest for ExportedPrimingPolicy<P> {
    type Session = PrimingSession<P>;
}

impl<P: PrimingPolicy> GuestSession for PrimingSession<P> {
    fn open(settings: Vec<(String, String)>, memory: Vec<u8>) -> Result<SessionHandle, Refusal> {
        panics::log_to(|text| log(Level::Error, text));
        let mut settings = Settings::new(settings);
        let policy = P::open(&mut settings, &memory).map_err(Refusal::from)?;
        settings.reject_unknown_keys().map_err(Refusal::from)?;
        Ok(SessionHandle::new(Self(RefCell::new(policy))))
    }

    fn decide(&self, candidates: Vec<Candidate>, machine: Machine) -> Vec<Decision> {
        self.0.borrow_mut().decide(&candidates, &machine)
    }

    fn observe(&self, outcomes: Vec<Observation>) {
        self.0.borrow_mut().observe(&outcomes);
    }

    fn remember(&self) -> Vec<u8> {
        self.0.borrow().remember()
    }
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        let reason = match error {
            SettingsError::UnknownKey { .. } => RefusalReason::UnknownKey,
            SettingsError::InvalidValue { .. } => RefusalReason::InvalidValue,
            SettingsError::Other(_) => RefusalReason::Other,
        };
        let (key, message) = error.into_key_and_message();
        Self { reason, key, message }
    }
}

/// Makes a type that implements [`PrimingPolicy`](crate::priming::PrimingPolicy) the component's export.
#[macro_export]
macro_rules! export_priming_policy {
    ($policy:ty) => {
        type SpecExportedPrimingPolicy = $crate::priming::ExportedPrimingPolicy<$policy>;
        $crate::priming::bindings::export!(
            SpecExportedPrimingPolicy with_types_in $crate::priming::bindings
        );
    };
}
