//! The element kind `autotools`: `configure`, `make`, `make install`.

use spec_guest_sdk::{Configured, Element, Kind, KindDescription, Rejection, build_element, export_kind};

struct Autotools;

impl Kind for Autotools {
    fn describe() -> KindDescription {
        build_element::description("autotools", include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export_kind!(Autotools);
