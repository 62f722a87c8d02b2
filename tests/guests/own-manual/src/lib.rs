//! A project's own version of the kind `manual`, which also installs a mark.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

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

impl ElementKind for OwnManual {
    fn describe() -> KindDescription {
        build_element::description("manual", env!("CARGO_PKG_VERSION"), DEFAULTS)
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(OwnManual as ElementKind);
