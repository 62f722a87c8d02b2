//! Overlay policies: where the inputs of recorded actions come from.
//!
//! ```ignore
//! struct Patient;
//!
//! impl Policy for Patient {
//!     fn configure(_: &mut Settings) -> Result<Self, Refused> {
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

use crate::{Refused, Settings, panics};

pub mod bindings {
    //! The world `overlay-policy` as generated from its WIT text.

    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({
        path: "../wit/overlay-policy",
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

/// An overlay policy. The host gives batches; they are taken apart here.
pub trait Policy: Held {
    /// Whether [`propose`](Self::propose) is to be called, with the contents of files.
    const SCANS: bool = false;

    /// The policy with its settings, before anything else is asked.
    ///
    /// # Errors
    /// When a setting is wrong. Keys that were not asked for are refused afterwards.
    fn configure(settings: &mut Settings) -> Result<Self, Refused>;

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

/// Where the one policy of a component is; [`export_overlay_policy!`](crate::export_overlay_policy) makes it.
pub trait Held: Sized + 'static {
    /// The place.
    fn held() -> &'static LocalKey<RefCell<Option<Self>>>;
}

/// A [`Policy`] in the form of the component's exports; named by
/// [`export_overlay_policy!`](crate::export_overlay_policy) alone.
pub struct Exported<P>(PhantomData<P>);

impl<P: Policy> Guest for Exported<P> {
    fn configure(settings: Vec<(String, String)>) -> Result<bool, Refusal> {
        panics::tell(|text| log(Level::Error, text));
        let mut settings = Settings::new(settings);
        let policy = P::configure(&mut settings).map_err(Refusal::from)?;
        settings.end().map_err(Refusal::from)?;
        P::held().set(Some(policy));
        Ok(P::SCANS)
    }

    fn select(inputs: Vec<InputOrigins>) -> Vec<Vec<u8>> {
        with(|policy: &mut P| inputs.iter().map(|input| policy.select(input)).collect())
    }

    fn choose(inputs: Vec<InputStanding>) -> Vec<Choice> {
        with(|policy: &mut P| inputs.iter().map(|input| policy.choose(input)).collect())
    }

    fn propose(files: Vec<ChangedFile>) -> Vec<Proposal> {
        with(|policy: &mut P| {
            let all = (0..).zip(&files);
            let edits = all.flat_map(|(file, changed)| {
                policy.propose(changed).into_iter().map(move |edit| Proposal { file, edit })
            });
            edits.collect()
        })
    }
}

fn with<P: Policy, T>(call: impl FnOnce(&mut P) -> T) -> T {
    P::held().with_borrow_mut(|held| call(held.as_mut().expect("the host configures a policy first")))
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

/// Makes a type that implements [`Policy`](crate::overlay::Policy) the component's export.
#[macro_export]
macro_rules! export_overlay_policy {
    ($policy:ty) => {
        impl $crate::overlay::Held for $policy {
            fn held() -> &'static ::std::thread::LocalKey<::std::cell::RefCell<Option<Self>>> {
                ::std::thread_local! {
                    static POLICY: ::std::cell::RefCell<Option<$policy>> =
                        const { ::std::cell::RefCell::new(None) };
                }
                &POLICY
            }
        }

        type SpecExportedOverlayPolicy = $crate::overlay::Exported<$policy>;
        $crate::overlay::bindings::export!(
            SpecExportedOverlayPolicy with_types_in $crate::overlay::bindings
        );
    };
}
