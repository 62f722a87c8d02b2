//! An element kind that imports WASI to read the command line.

use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Rejection, build_element, export};

mod wasi {
    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({
        inline: "
            package wasi:cli@0.2.6;
            interface environment {
                get-arguments: func() -> list<string>;
            }
            world nosy {
                import environment;
            }
        ",
    });
}

struct ImportsWasi;

impl ElementKind for ImportsWasi {
    fn describe() -> KindDescription {
        build_element::description("imports-wasi", env!("CARGO_PKG_VERSION"), "")
    }

    fn configure(_: &Element) -> Result<Configured, Rejection> {
        let arguments = wasi::wasi::cli::environment::get_arguments();
        Err(Rejection::other("arguments", arguments.join(" ")))
    }
}

export!(ImportsWasi as ElementKind);
