//! The element kind `modulebuild`: a Perl distribution with a `Build.PL`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Modulebuild;

impl ElementKind for Modulebuild {
    fn describe() -> KindDescription {
        build_element::description("modulebuild", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Modulebuild as ElementKind);
