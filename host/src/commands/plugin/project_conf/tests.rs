use super::*;

fn added(text: &str) -> String {
    let name: PluginName = "mine".parse().expect("it is a name");
    let reference: PluginReference = "plugins/mine.wasm".parse().expect("it is a reference");
    with_plugin(text, &name, &reference)
}

#[test]
fn missing_sections_are_added_where_they_belong() {
    let all = "elements:\n  spec-host:\n    plugins:\n      mine: plugins/mine.wasm\n";
    assert_eq!(added("name: p\n"), format!("name: p\n{all}"));
    assert_eq!(
        added("name: p\nelements:\n    # what\n    manual:\n        config: {}\noptions: {}\n"),
        "name: p\nelements:\n    spec-host:\n      plugins:\n        mine: plugins/mine.wasm\n    # what\n    manual:\n        \
         config: {}\noptions: {}\n"
    );
    assert_eq!(
        added("elements:\n  spec-host:\n    priming-policy: mine\n"),
        "elements:\n  spec-host:\n    plugins:\n      mine: plugins/mine.wasm\n    priming-policy: mine\n"
    );
}

#[test]
fn a_plugin_is_added_before_others_or_replaces_itself() {
    let with = |plugins: &str| format!("elements:\n  spec-host:\n    plugins:\n{plugins}name: p\n");
    let (mine, other) = ("      mine: plugins/mine.wasm\n", "      other: oci://example.org/other:1\n");
    assert_eq!(added(&with(other)), with(&format!("{mine}{other}")));
    assert_eq!(added(&with(&format!("{other}      mine: old.wasm\n"))), with(&format!("{other}{mine}")));
}
