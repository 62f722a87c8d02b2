//! The world `element-kind` as generated from its WIT text.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    path: "../wit/0.1/element-kind",
    world: "element-kind",
    pub_export_macro: true,
    default_bindings_module: "spec_guest_sdk::bindings",
});
