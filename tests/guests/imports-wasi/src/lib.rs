//! Wants to read environment variables through WASI.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    inline: "
        package wasi:cli@0.2.6;
        interface environment {
            get-arguments: func() -> list<string>;
        }
        world nosy {
            import environment;
            export arguments: func() -> u32;
        }
    ",
});

struct Nosy;

impl Guest for Nosy {
    fn arguments() -> u32 {
        wasi::cli::environment::get_arguments().len() as u32
    }
}

export!(Nosy);
