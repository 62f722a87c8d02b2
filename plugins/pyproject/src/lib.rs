//! The element kind `pyproject`: a Python package with a `pyproject.toml`, built by `build` and installed by `installer`.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct Pyproject;

impl ElementKind for Pyproject {
    fn describe() -> KindDescription {
        build_element::description("pyproject", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        build_element::configure(element)
    }
}

export!(Pyproject as ElementKind);
