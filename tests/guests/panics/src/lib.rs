//! Panics with a message.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Panics;

impl ElementKind for Panics {
    fn describe() -> KindDescription {
        build_element::description("panics", env!("CARGO_PKG_VERSION"), "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        panic!("no idea what to do with {}", element.name())
    }
}

export!(Panics as ElementKind);
