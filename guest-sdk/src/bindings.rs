//! The worlds as generated from their WIT texts. All share the interfaces that they import.

#![allow(missing_docs, unreachable_pub, clippy::all)]

pub mod imports {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package spec:guest;

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
        world: "spec:guest/imports",
        additional_derives: [PartialEq],
        generate_all,
    });
}

pub mod element_kind {
    wit_bindgen::generate!({
        path: "wit",
        world: "spec:plugin/element-kind",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_element_kind",
        default_bindings_module: "spec_guest_sdk::bindings::element_kind",
        with: {
            "spec:plugin/log@0.2.0": crate::bindings::imports::spec::plugin::log,
            "spec:plugin/dependencies@0.2.0": crate::bindings::imports::spec::plugin::dependencies,
            "spec:plugin/plan@0.2.0": crate::bindings::imports::spec::plugin::plan,
        },
    });
}

pub mod overlay_policy {
    wit_bindgen::generate!({
        path: "wit",
        world: "spec:plugin/overlay-policy",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_overlay_policy",
        default_bindings_module: "spec_guest_sdk::bindings::overlay_policy",
        with: {
            "spec:plugin/log@0.2.0": crate::bindings::imports::spec::plugin::log,
            "spec:plugin/settings@0.2.0": crate::bindings::imports::spec::plugin::settings,
            "spec:plugin/elements@0.2.0": crate::bindings::imports::spec::plugin::elements,
            "spec:plugin/actions@0.2.0": crate::bindings::imports::spec::plugin::actions,
            "spec:plugin/inputs@0.2.0": crate::bindings::imports::spec::plugin::inputs,
            "spec:plugin/session-facts@0.2.0": crate::bindings::imports::spec::plugin::session_facts,
        },
    });
}

pub mod priming_policy {
    wit_bindgen::generate!({
        path: "wit",
        world: "spec:plugin/priming-policy",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_priming_policy",
        default_bindings_module: "spec_guest_sdk::bindings::priming_policy",
        with: {
            "spec:plugin/log@0.2.0": crate::bindings::imports::spec::plugin::log,
            "spec:plugin/settings@0.2.0": crate::bindings::imports::spec::plugin::settings,
            "spec:plugin/elements@0.2.0": crate::bindings::imports::spec::plugin::elements,
            "spec:plugin/actions@0.2.0": crate::bindings::imports::spec::plugin::actions,
            "spec:plugin/session-facts@0.2.0": crate::bindings::imports::spec::plugin::session_facts,
        },
    });
}
