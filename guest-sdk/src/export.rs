//! Implements the exports of a component by the traits of this crate.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::bindings::element_kind::exports::spec::plugin::kind;
use crate::bindings::imports::spec::plugin::settings;
use crate::bindings::overlay_policy::exports::spec::plugin::overlay;
use crate::bindings::priming_policy::exports::spec::plugin::priming;
use crate::overlay::OverlayPolicy;
use crate::priming::PrimingPolicy;
use crate::settings::{Refusal, SettingValue, Settings};
use crate::{Element, ElementKind, panics};

/// An [`ElementKind`] in the form of the component's exports; named by [`export!`](crate::export) alone.
pub struct ExportedElementKind<K>(PhantomData<K>);

/// An [`OverlayPolicy`] in the form of the component's exports; named by [`export!`](crate::export) alone.
pub struct ExportedOverlayPolicy<P>(PhantomData<P>);

/// A [`PrimingPolicy`] in the form of the component's exports; named by [`export!`](crate::export) alone.
pub struct ExportedPrimingPolicy<P>(PhantomData<P>);

/// An [`OverlayPolicy`] as the resource that the host holds.
pub struct OverlaySession<P>(RefCell<P>);

/// A [`PrimingPolicy`] as the resource that the host holds.
pub struct PrimingSession<P>(RefCell<P>);

impl<K: ElementKind> kind::Guest for ExportedElementKind<K> {
    fn describe() -> kind::Description {
        panics::log_all();
        K::describe()
    }

    fn configure(input: kind::ElementInput) -> Result<kind::UniqueKey, kind::Rejection> {
        panics::log_all();
        let configured = K::configure(&Element::new(input))?;
        configured.plan.send();
        Ok(configured.unique_key.into())
    }
}

impl<P: OverlayPolicy> overlay::Guest for ExportedOverlayPolicy<P> {
    type Session = OverlaySession<P>;

    fn describe() -> settings::Description {
        panics::log_all();
        P::describe()
    }
}

impl<P: OverlayPolicy> overlay::GuestSession for OverlaySession<P> {
    fn open(
        configuration: Vec<(String, SettingValue)>,
        memory: Vec<u8>,
    ) -> Result<overlay::Session, Refusal> {
        panics::log_all();
        let policy = P::open(&Settings::new(configuration), &memory)?;
        Ok(overlay::Session::new(Self(RefCell::new(policy))))
    }

    fn wants(&self) -> overlay::Wants {
        self.0.borrow().wants()
    }

    fn select(&self, inputs: Vec<overlay::InputOrigins>) -> Vec<Vec<u8>> {
        let mut policy = self.0.borrow_mut();
        inputs.iter().map(|input| policy.select(input)).collect()
    }

    fn choose(&self, inputs: Vec<overlay::InputAlternatives>) -> Vec<overlay::Choice> {
        let mut policy = self.0.borrow_mut();
        inputs.iter().map(|input| policy.choose(input)).collect()
    }

    fn propose(&self, files: Vec<overlay::ChangedFile>) -> Vec<overlay::Proposal> {
        let mut policy = self.0.borrow_mut();
        let edits = (0..).zip(&files).flat_map(|(file, changed)| {
            policy.propose(changed).into_iter().map(move |edit| overlay::Proposal { file, edit })
        });
        edits.collect()
    }

    fn observe(&self, ended: Vec<overlay::Observation>) {
        self.0.borrow_mut().observe(&ended);
    }

    fn remember(&self) -> Vec<u8> {
        self.0.borrow().remember()
    }
}

impl<P: PrimingPolicy> priming::Guest for ExportedPrimingPolicy<P> {
    type Session = PrimingSession<P>;

    fn describe() -> settings::Description {
        panics::log_all();
        P::describe()
    }
}

impl<P: PrimingPolicy> priming::GuestSession for PrimingSession<P> {
    fn open(
        configuration: Vec<(String, SettingValue)>,
        memory: Vec<u8>,
    ) -> Result<priming::Session, Refusal> {
        panics::log_all();
        let policy = P::open(&Settings::new(configuration), &memory)?;
        Ok(priming::Session::new(Self(RefCell::new(policy))))
    }

    fn wants(&self) -> priming::Wants {
        self.0.borrow().wants()
    }

    fn decide(&self, candidates: Vec<priming::Candidate>, load: priming::Load) -> Vec<priming::Decision> {
        self.0.borrow_mut().decide(&candidates, &load)
    }

    fn revise(
        &self,
        submitted: Vec<priming::SubmittedAction>,
        load: priming::Load,
    ) -> Vec<priming::Revision> {
        self.0.borrow_mut().revise(&submitted, &load)
    }

    fn observe(&self, ended: Vec<priming::Observation>) {
        self.0.borrow_mut().observe(&ended);
    }

    fn remember(&self) -> Vec<u8> {
        self.0.borrow().remember()
    }
}

/// Makes a type that implements one of the traits of this crate the component's export: `export!(Mine as ElementKind)`,
/// `export!(Mine as OverlayPolicy)`, `export!(Mine as PrimingPolicy)`. A component exports one type.
#[macro_export]
macro_rules! export {
    ($kind:ty as ElementKind) => {
        type SpecExportedElementKind = $crate::ExportedElementKind<$kind>;
        $crate::bindings::element_kind::export_element_kind!(
            SpecExportedElementKind with_types_in $crate::bindings::element_kind
        );
    };
    ($policy:ty as OverlayPolicy) => {
        type SpecExportedOverlayPolicy = $crate::ExportedOverlayPolicy<$policy>;
        $crate::bindings::overlay_policy::export_overlay_policy!(
            SpecExportedOverlayPolicy with_types_in $crate::bindings::overlay_policy
        );
    };
    ($policy:ty as PrimingPolicy) => {
        type SpecExportedPrimingPolicy = $crate::ExportedPrimingPolicy<$policy>;
        $crate::bindings::priming_policy::export_priming_policy!(
            SpecExportedPrimingPolicy with_types_in $crate::bindings::priming_policy
        );
    };
}
