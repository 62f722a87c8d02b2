//! A component, but not an element kind.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    inline: "
        package other:thing@1.0.0;
        world thing {
            export answer: func() -> u32;
        }
    ",
});

struct Thing;

impl Guest for Thing {
    fn answer() -> u32 {
        42
    }
}

export!(Thing);
