//! The element kind `qmake`: programs that `qmake` configures.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Qmake;

impl ElementKind for Qmake {
    fn describe() -> KindDescription {
        build_element::description("qmake", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Qmake as ElementKind);
