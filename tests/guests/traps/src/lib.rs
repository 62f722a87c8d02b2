//! Traps without a message, except for an element named `fine.bst`.

use spec_guest_sdk::{Configured, Element, Kind, KindDescription, Rejection, build_element, export_kind};

struct Traps;

impl Kind for Traps {
    fn describe() -> KindDescription {
        build_element::description("traps", "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        if element.name() == "fine.bst" {
            return build_element::configure(element);
        }
        std::process::abort()
    }
}

export_kind!(Traps);
