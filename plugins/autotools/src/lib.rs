//! The element kind `autotools`: `configure`, `make`, `make install`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Autotools;

impl ElementKind for Autotools {
    fn describe() -> KindDescription {
        build_element::description("autotools", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Autotools as ElementKind);
