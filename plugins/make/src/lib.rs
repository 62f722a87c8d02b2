//! The element kind `make`: `make`, `make install`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Make;

impl ElementKind for Make {
    fn describe() -> KindDescription {
        build_element::description("make", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Make as ElementKind);
