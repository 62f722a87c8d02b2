//! Implements the exports of a component by a [`Kind`].

use std::marker::PhantomData;

use crate::bindings::exports::spec::element_kind::kind;
use crate::{Configured, Element, KindDescription, Level, Rejection, log, panics};

/// An element kind: a pure function of an element's configuration.
pub trait Kind {
    /// What is true of all elements of the kind; always the same.
    fn describe() -> KindDescription;

    /// What one element adds to its cache key, and how it is built.
    ///
    /// # Errors
    /// When the element's configuration is wrong.
    fn configure(element: &Element) -> Result<Configured, Rejection>;
}

/// A [`Kind`] in the form of the component's exports; named by [`export_kind!`](crate::export_kind) alone.
pub struct ExportedKind<K>(PhantomData<K>);

impl<K: Kind> kind::Guest for ExportedKind<K> {
    fn describe() -> KindDescription {
        log_panics();
        K::describe()
    }

    fn configure(input: kind::ElementInput) -> Result<Configured, Rejection> {
        log_panics();
        K::configure(&Element::new(input))
    }
}

fn log_panics() {
    panics::log_to(|text| log(Level::Error, text));
}

/// Makes a type that implements [`Kind`](crate::Kind) the component's export.
#[macro_export]
macro_rules! export_kind {
    ($kind:ty) => {
        type SpecExportedKind = $crate::ExportedKind<$kind>;
        $crate::bindings::export!(SpecExportedKind with_types_in $crate::bindings);
    };
}
