//! An element kind of a later, incompatible version of the contract.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    inline: "
        package spec:element-kind@0.9.0;
        interface kind {
            describe: func() -> string;
        }
        world element-kind {
            export kind;
        }
    ",
});

struct Later;

impl exports::spec::element_kind::kind::Guest for Later {
    fn describe() -> String {
        "later".to_owned()
    }
}

export!(Later);
