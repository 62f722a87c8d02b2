//! Allocates memory without end.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct AllocatesEndlessly;

impl ElementKind for AllocatesEndlessly {
    fn describe() -> KindDescription {
        build_element::description("allocates-endlessly", env!("CARGO_PKG_VERSION"), "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let mut hoard = Vec::new();
        while std::hint::black_box(element.project()) != "\0" {
            hoard.push(vec![1_u8; 1 << 20]);
        }
        Err(Rejection::other("finished", hoard.len().to_string()))
    }
}

export!(AllocatesEndlessly as ElementKind);
