//! The element kind `meson`: `meson setup`, `ninja`, `meson install`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Meson;

impl ElementKind for Meson {
    fn describe() -> KindDescription {
        build_element::description("meson", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Meson as ElementKind);
