//! The worlds as generated from their WIT text.

#![allow(missing_docs, unreachable_pub, clippy::all)]

pub(crate) mod element_kind {
    wasmtime::component::bindgen!({
        path: "../../wit/0.1/element-kind",
        world: "element-kind",
    });
}

pub(crate) mod overlay_policy {
    wasmtime::component::bindgen!({
        path: "../../wit/0.1/overlay-policy",
        world: "overlay-policy",
    });
}

pub(crate) mod priming_policy {
    wasmtime::component::bindgen!({
        path: "../../wit/0.1/priming-policy",
        world: "priming-policy",
    });
}
