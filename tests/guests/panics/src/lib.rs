//! Panics with a message.

use spec_guest_sdk::{Configured, Element, Kind, KindDescription, Rejection, build_element, export_kind};

struct Panics;

impl Kind for Panics {
    fn describe() -> KindDescription {
        build_element::description("panics", "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        panic!("no idea what to do with {}", element.name())
    }
}

export_kind!(Panics);
