//! Overlay policies: where the inputs of recorded actions come from.
//!
//! ```ignore
//! struct Patient;
//!
//! impl OverlayPolicy for Patient {
//!     fn configure(_: &mut Settings) -> Result<Self, SettingsError> {
//!         Ok(Self)
//!     }
//!
//!     fn choose(&mut self, input: &InputStanding) -> Choice {
//!         first_known(input)
//!     }
//! }
//!
//! spec_guest_sdk::export_overlay_policy!(Patient);
//! ```

use std::cell::RefCell;
use std::marker::PhantomData;
use std::thread::LocalKey;

use crate::{Settings, SettingsError, panics};

pub mod bindings {
    //! The world `overlay-policy` as generated from its WIT text.

    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({
        path: "../wit/0.1/overlay-policy",
        world: "overlay-policy",
        pub_export_macro: true,
        default_bindings_module: "spec_guest_sdk::overlay::bindings",
    });
}

pub use bindings::exports::spec::overlay_policy::policy::{
    Alternative, ChangedFile, Choice, InputOrigins, InputStanding, Origin, OriginKind, Proposal, Renaming,
    SetEdit, Standing,
};
use bindings::exports::spec::overlay_policy::policy::{Guest, Refusal, RefusalReason};
pub use bindings::spec::overlay_policy::log::{Level, log};

/// An overlay policy. The host asks about many inputs at once; the functions here are called for each of them.
pub trait OverlayPolicy: PolicySlot {
    /// Whether [`propose`](Self::propose) is to be called, with the contents of files.
    const SCANS: bool = false;

    /// The policy with its settings, before anything else is asked.
    ///
    /// # Errors
    /// When a setting is wrong. Keys that the policy did not read are rejected afterwards.
    fn configure(settings: &mut Settings) -> Result<Self, SettingsError>;

    /// Which alternatives of an input are recorded, by index, first the one to be tried first; none for an input that
    /// the build generated.
    fn select(&mut self, input: &InputOrigins) -> Vec<u8> {
        (0..=u8::MAX).take(input.origins.len()).collect()
    }

    /// Where an input takes its contents from.
    fn choose(&mut self, input: &InputStanding) -> Choice;

    /// What the inputs of actions will have or lack after a file that they read changed.
    fn propose(&mut self, _file: &ChangedFile) -> Vec<SetEdit> {
        Vec::new()
    }
}

/// The first alternative that is known; if there is none, one to wait for.
#[must_use]
pub fn first_known(input: &InputStanding) -> Choice {
    let known =
        |alternative: &Alternative| matches!(alternative.standing, Standing::Unchanged | Standing::Changed);
    let mut all = (0u8..).zip(&input.alternatives);
    match all.find(|(_, alternative)| known(alternative)) {
        Some((index, _)) => Choice::Take(index),
        None if input.alternatives.iter().any(|other| other.standing == Standing::Pending) => Choice::Wait,
        None => Choice::GiveUp,
    }
}

/// The thread-local variable with the one policy of a component.
/// [`export_overlay_policy!`](crate::export_overlay_policy) implements it.
pub trait PolicySlot: Sized + 'static {
    /// The variable; empty until the host configures the policy.
    fn slot() -> &'static LocalKey<RefCell<Option<Self>>>;
}

/// An [`OverlayPolicy`] in the form of the component's exports; named by
/// [`export_overlay_policy!`](crate::export_overlay_policy) alone.
pub struct ExportedOverlayPolicy<P>(PhantomData<P>);

impl<P: OverlayPolicy> Guest for ExportedOverlayPolicy<P> {
    fn configure(settings: Vec<(String, String)>) -> Result<bool, Refusal> {
        panics::log_to(|text| log(Level::Error, text));
        let mut settings = Settings::new(settings);
        let policy = P::configure(&mut settings).map_err(Refusal::from)?;
        settings.reject_unknown_keys().map_err(Refusal::from)?;
        P::slot().set(Some(policy));
        Ok(P::SCANS)
    }

    fn select(inputs: Vec<InputOrigins>) -> Vec<Vec<u8>> {
        with_policy(|policy: &mut P| inputs.iter().map(|input| policy.select(input)).collect())
    }

    fn choose(inputs: Vec<InputStanding>) -> Vec<Choice> {
        with_policy(|policy: &mut P| inputs.iter().map(|input| policy.choose(input)).collect())
    }

    fn propose(files: Vec<ChangedFile>) -> Vec<Proposal> {
        with_policy(|policy: &mut P| {
            let all = (0..).zip(&files);
            let edits = all.flat_map(|(file, changed)| {
                policy.propose(changed).into_iter().map(move |edit| Proposal { file, edit })
            });
            edits.collect()
        })
    }
}

fn with_policy<P: OverlayPolicy, T>(call: impl FnOnce(&mut P) -> T) -> T {
    P::slot().with_borrow_mut(|policy| call(policy.as_mut().expect("the host configures a policy first")))
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

/// Makes a type that implements [`OverlayPolicy`](crate::overlay::OverlayPolicy) the component's export.
#[macro_export]
macro_rules! export_overlay_policy {
    ($policy:ty) => {
        impl $crate::overlay::PolicySlot for $policy {
            fn slot() -> &'static ::std::thread::LocalKey<::std::cell::RefCell<Option<Self>>> {
                ::std::thread_local! {
                    static POLICY: ::std::cell::RefCell<Option<$policy>> =
                        const { ::std::cell::RefCell::new(None) };
                }
                &POLICY
            }
        }

        type SpecExportedOverlayPolicy = $crate::overlay::ExportedOverlayPolicy<$policy>;
        $crate::overlay::bindings::export!(
            SpecExportedOverlayPolicy with_types_in $crate::overlay::bindings
        );
    };
}
