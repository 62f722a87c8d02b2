//! The element kind `manual`: commands of the element's own choice.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Manual;

impl ElementKind for Manual {
    fn describe() -> KindDescription {
        build_element::description("manual", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Manual as ElementKind);
