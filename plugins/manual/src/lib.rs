//! The element kind `manual`: commands of the element's own choice.

use spec_guest_sdk::{Configured, Element, Kind, KindDescription, Rejection, build_element, export_kind};

struct Manual;

impl Kind for Manual {
    fn describe() -> KindDescription {
        build_element::description("manual", include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export_kind!(Manual);
