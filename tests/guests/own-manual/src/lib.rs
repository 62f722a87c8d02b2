//! The kind `manual` as a project may want it: whatever else is installed, a mark is.

use spec_guest_sdk::{Configured, Element, Kind, KindDescription, Rejection, build_element, export_kind};

const DEFAULTS: &str = "config:
  configure-commands: []
  build-commands: []
  install-commands: []
  strip-commands:
  - touch \"%{install-root}/%{mark}\"
variables:
  mark: made-by-own-manual
";

struct OwnManual;

impl Kind for OwnManual {
    fn describe() -> KindDescription {
        build_element::description("manual", DEFAULTS)
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export_kind!(OwnManual);
