//! The element kind `cargo`: programs in Rust, installed by `cargo install`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Cargo;

impl ElementKind for Cargo {
    fn describe() -> KindDescription {
        build_element::description("cargo", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Cargo as ElementKind);
