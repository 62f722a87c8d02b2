//! Allocates memory without end.

use spec_guest_sdk::{Configured, Element, Kind, KindDescription, Rejection, build_element, export_kind};

struct AllocatesEndlessly;

impl Kind for AllocatesEndlessly {
    fn describe() -> KindDescription {
        build_element::description("allocates-endlessly", "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let mut hoard = Vec::new();
        while std::hint::black_box(element.project()) != "\0" {
            hoard.push(vec![1_u8; 1 << 20]);
        }
        Err(Rejection::other("finished", hoard.len().to_string()))
    }
}

export_kind!(AllocatesEndlessly);
