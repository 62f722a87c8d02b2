//! Traps without a message, except for an element named `fine.bst`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Traps;

impl ElementKind for Traps {
    fn describe() -> KindDescription {
        build_element::description("traps", env!("CARGO_PKG_VERSION"), "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        if element.name() == "fine.bst" {
            return build_element::configure(element);
        }
        std::process::abort()
    }
}

export!(Traps as ElementKind);
