//! Priming policies: which predicted actions are worth running ahead of the build.
//!
//! ```ignore
//! struct Cautious;
//!
//! impl Policy for Cautious {
//!     fn open(_: &mut Settings, _: &[u8]) -> Result<Self, Refused> {
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

use crate::{Refused, Settings, panics};

pub mod bindings {
    //! The world `priming-policy` as generated from its WIT text.

    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({
        path: "../wit/priming-policy",
        world: "priming-policy",
        pub_export_macro: true,
        default_bindings_module: "spec_guest_sdk::priming::bindings",
    });
}

pub use bindings::exports::spec::priming_policy::policy::{
    Candidate, Decision, Machine, Observation, Outcome, SkipReason,
};
use bindings::exports::spec::priming_policy::policy::{
    Guest, GuestSession, Refusal, RefusalReason, Session as Handle,
};
pub use bindings::spec::priming_policy::log::{Level, log};

/// The priority of what can wait longest.
pub const LAST: u16 = 1000;

/// The priority of what so much waits for, in milliseconds: more goes first. What differs by 3 % or more differs here,
/// be it milliseconds or days.
#[must_use]
pub fn priority(waiting_ms: u32) -> u16 {
    let octave = waiting_ms.max(1).ilog2();
    let within = (31 * u64::from(waiting_ms.max(1) - (1 << octave))) >> octave;
    // At most 31 * 31 + 30.
    LAST - (31 * octave) as u16 - within as u16
}

/// A priming policy at work in one session.
pub trait Policy: Sized + 'static {
    /// A session with the policy's settings and what it remembered of the last one; empty the first time.
    ///
    /// # Errors
    /// When a setting is wrong. Keys that were not asked for are refused afterwards.
    fn open(settings: &mut Settings, memory: &[u8]) -> Result<Self, Refused>;

    /// What becomes of candidates: as many decisions, in the same order.
    fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Vec<Decision>;

    /// What became of actions that were submitted.
    fn observe(&mut self, _outcomes: &[Observation]) {}

    /// What the next session is to know, at most 64 KiB.
    fn remember(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// A [`Policy`] in the form of the component's exports; named by
/// [`export_priming_policy!`](crate::export_priming_policy) alone.
pub struct Exported<P>(PhantomData<P>);

/// A [`Policy`] as the resource that the host holds.
pub struct Session<P>(RefCell<P>);

impl<P: Policy> Guest for Exported<P> {
    type Session = Session<P>;
}

impl<P: Policy> GuestSession for Session<P> {
    fn open(settings: Vec<(String, String)>, memory: Vec<u8>) -> Result<Handle, Refusal> {
        panics::tell(|text| log(Level::Error, text));
        let mut settings = Settings::new(settings);
        let policy = P::open(&mut settings, &memory).map_err(Refusal::from)?;
        settings.end().map_err(Refusal::from)?;
        Ok(Handle::new(Self(RefCell::new(policy))))
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

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let reason = match refused {
            Refused::UnknownKey { .. } => RefusalReason::UnknownKey,
            Refused::InvalidValue { .. } => RefusalReason::InvalidValue,
            Refused::Other(_) => RefusalReason::Other,
        };
        let (key, message) = refused.parts();
        Self { reason, key, message }
    }
}

/// Makes a type that implements [`Policy`](crate::priming::Policy) the component's export.
#[macro_export]
macro_rules! export_priming_policy {
    ($policy:ty) => {
        type SpecExportedPrimingPolicy = $crate::priming::Exported<$policy>;
        $crate::priming::bindings::export!(
            SpecExportedPrimingPolicy with_types_in $crate::priming::bindings
        );
    };
}
