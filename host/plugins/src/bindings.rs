//! The world `element-kind` as generated from its WIT text.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit/element-kind",
    world: "element-kind",
});
