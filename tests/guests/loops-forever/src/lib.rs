//! Never answers.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

struct LoopsForever;

impl ElementKind for LoopsForever {
    fn describe() -> KindDescription {
        build_element::description("loops-forever", env!("CARGO_PKG_VERSION"), "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let mut turns = 0_u64;
        while std::hint::black_box(element.project()) != "\0" {
            turns += 1;
        }
        Err(Rejection::other("finished", turns.to_string()))
    }
}

export!(LoopsForever as ElementKind);
