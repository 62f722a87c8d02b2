//! The worlds as generated from their WIT text.

#![allow(missing_docs, unreachable_pub, clippy::all)]

/// The frozen version 0.1: a package for each world.
pub(crate) mod v0_1 {
    pub(crate) mod element_kind {
        wasmtime::component::bindgen!({
            path: "../../wit/0.1/element-kind",
            world: "element-kind",
            imports: { default: trappable },
        });
    }

    pub(crate) mod overlay_policy {
        wasmtime::component::bindgen!({
            path: "../../wit/0.1/overlay-policy",
            world: "overlay-policy",
            imports: { default: trappable },
        });
    }

    pub(crate) mod priming_policy {
        wasmtime::component::bindgen!({
            path: "../../wit/0.1/priming-policy",
            world: "priming-policy",
            imports: { default: trappable },
        });
    }
}

/// Version 0.2: one package. All worlds share the interfaces that they import.
pub(crate) mod v0_2 {
    pub(crate) mod imports {
        wasmtime::component::bindgen!({
            path: "../../wit",
            inline: "
                package spec:host;

                world imports {
                    import spec:plugin/log@0.2.0;
                    import spec:plugin/settings@0.2.0;
                    import spec:plugin/elements@0.2.0;
                    import spec:plugin/actions@0.2.0;
                    import spec:plugin/inputs@0.2.0;
                    import spec:plugin/session-facts@0.2.0;
                    import spec:plugin/dependencies@0.2.0;
                    import spec:plugin/plan@0.2.0;
                }
            ",
            world: "spec:host/imports",
            imports: { default: trappable },
        });
    }

    pub(crate) mod element_kind {
        wasmtime::component::bindgen!({
            path: "../../wit",
            world: "spec:plugin/element-kind",
            with: {
                "spec:plugin/log": super::imports::spec::plugin::log,
                "spec:plugin/dependencies": super::imports::spec::plugin::dependencies,
                "spec:plugin/plan": super::imports::spec::plugin::plan,
            },
        });
    }

    pub(crate) mod overlay_policy {
        wasmtime::component::bindgen!({
            path: "../../wit",
            world: "spec:plugin/overlay-policy",
            with: {
                "spec:plugin/log": super::imports::spec::plugin::log,
                "spec:plugin/settings": super::imports::spec::plugin::settings,
                "spec:plugin/elements": super::imports::spec::plugin::elements,
                "spec:plugin/actions": super::imports::spec::plugin::actions,
                "spec:plugin/inputs": super::imports::spec::plugin::inputs,
                "spec:plugin/session-facts": super::imports::spec::plugin::session_facts,
            },
        });
    }

    pub(crate) mod priming_policy {
        wasmtime::component::bindgen!({
            path: "../../wit",
            world: "spec:plugin/priming-policy",
            with: {
                "spec:plugin/log": super::imports::spec::plugin::log,
                "spec:plugin/settings": super::imports::spec::plugin::settings,
                "spec:plugin/elements": super::imports::spec::plugin::elements,
                "spec:plugin/actions": super::imports::spec::plugin::actions,
                "spec:plugin/session-facts": super::imports::spec::plugin::session_facts,
            },
        });
    }
}
