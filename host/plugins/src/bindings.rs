//! The worlds as generated from their WIT text.

#![allow(missing_docs, unreachable_pub, clippy::all)]

pub(crate) mod element_kind {
    wasmtime::component::bindgen!({
        path: "../../wit/element-kind",
        world: "element-kind",
    });
}

pub(crate) mod overlay_policy {
    wasmtime::component::bindgen!({
        path: "../../wit/overlay-policy",
        world: "overlay-policy",
    });
}

pub(crate) mod priming_policy {
    wasmtime::component::bindgen!({
        path: "../../wit/priming-policy",
        world: "priming-policy",
    });
}
