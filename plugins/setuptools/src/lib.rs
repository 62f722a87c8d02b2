//! The element kind `setuptools`: a Python package, installed by its `setup.py`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Setuptools;

impl ElementKind for Setuptools {
    fn describe() -> KindDescription {
        build_element::description("setuptools", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Setuptools as ElementKind);
