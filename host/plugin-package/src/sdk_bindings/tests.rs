use super::*;

const WIT: [(&str, &str); 1] = [(
    "a.wit",
    "package spec:plugin@0.2.0;
    interface log { log: func(text: string); }
    interface kind { describe: func() -> string; }
    world element-kind { import log; export kind; }",
)];

const SOURCE: &str = "pub mod imports {
    wit_bindgen::generate!({
        path: \"wit\",
        inline: \"
            package spec:guest;

            world imports {
                import spec:plugin/log@0.2.0;
            }
        \",
        world: \"spec:guest/imports\",
        additional_derives: [PartialEq],
        generate_all,
    });
}

pub mod element_kind {
    wit_bindgen::generate!({
        path: \"wit\",
        world: \"spec:plugin/element-kind\",
        pub_export_macro: true,
        export_macro_name: \"export_element_kind\",
        default_bindings_module: \"spec_guest_sdk::bindings::element_kind\",
        with: {
            \"spec:plugin/log@0.2.0\": crate::bindings::imports::spec::plugin::log,
        },
    });
}
";

#[test]
fn calls_of_the_macro_become_what_it_makes() {
    let text = expanded(SOURCE, &WIT).expect("it can be generated");
    assert!(!text.contains(CALL.0), "{text}");
    for part in ["pub mod imports {", "pub fn log(", "export_element_kind", "pub mod element_kind {"] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    assert_eq!(text.matches("pub fn log(").count(), 1, "the second world has that of the first");
}

#[test]
fn a_call_that_is_not_understood_is_an_error() {
    assert!(expanded(&SOURCE.replace("    });\n", ""), &WIT).is_err());
    assert!(expanded(&SOURCE.replace("element-kind\"", "no-kind\""), &WIT).is_err());
}
