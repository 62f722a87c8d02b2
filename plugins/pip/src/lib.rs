//! The element kind `pip`: a Python package, installed by `pip`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Pip;

impl ElementKind for Pip {
    fn describe() -> KindDescription {
        build_element::description("pip", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Pip as ElementKind);
