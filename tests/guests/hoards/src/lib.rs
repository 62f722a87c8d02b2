//! Leaks memory.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Hoards;

impl ElementKind for Hoards {
    fn describe() -> KindDescription {
        build_element::description("hoards", env!("CARGO_PKG_VERSION"), "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        std::hint::black_box(vec![1_u8; 8 << 20].leak());
        build_element::configure(element)
    }
}

export!(Hoards as ElementKind);
