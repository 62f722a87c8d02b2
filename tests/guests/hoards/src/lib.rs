//! Leaks memory.

use spec_guest_sdk::{Configured, Element, Kind, KindDescription, Rejection, build_element, export_kind};

struct Hoards;

impl Kind for Hoards {
    fn describe() -> KindDescription {
        build_element::description("hoards", "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        std::hint::black_box(vec![1_u8; 8 << 20].leak());
        build_element::configure(element)
    }
}

export_kind!(Hoards);
