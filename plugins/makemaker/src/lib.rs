//! The element kind `makemaker`: a Perl distribution with a `Makefile.PL`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Makemaker;

impl ElementKind for Makemaker {
    fn describe() -> KindDescription {
        build_element::description("makemaker", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Makemaker as ElementKind);
