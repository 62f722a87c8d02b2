//! The element kind `cmake`: `cmake` in a folder of its own, built with its generator.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct CMake;

impl ElementKind for CMake {
    fn describe() -> KindDescription {
        build_element::description("cmake", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(CMake as ElementKind);
