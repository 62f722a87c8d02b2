use super::*;

#[test]
fn the_sdk_of_a_new_plugin_has_its_bindings() {
    let files = sdk();
    let text = |path: &str| String::from_utf8_lossy(&files[&format!("{SDK_FOLDER}/{path}")]).into_owned();
    let bindings = text(BINDINGS);
    assert!(!bindings.contains("wit_bindgen::generate!({"), "a call of the macro is not understood");
    for world in PluginWorld::ALL {
        assert!(bindings.contains(&format!("export_{}", world.as_str().replace('-', "_"))), "{world}");
    }
    assert!(
        !text(MANIFEST).contains("macros") && text(MANIFEST).contains("wit-bindgen"),
        "{}",
        text(MANIFEST)
    );
}

#[test]
fn locks_have_the_name_of_the_plugin() {
    let name: PluginName = "my-plugin".parse().expect("it is a name");
    let npm = npm_lock(&name);
    assert_eq!(npm.matches("\"my-plugin\"").count(), 2);
    assert!(!npm.contains(NPM_LOCK_NAME));
    assert!(cargo_lock(&name).expect("no crate has this name").contains("name = \"my-plugin\""));
    assert_eq!(cargo_lock(&"bitflags".parse().expect("it is a name")), None);
}

/// Of the template in JavaScript and of the lock of the example.
#[test]
fn the_lock_has_the_version_of_the_template() {
    let template = TEMPLATE_FILES.iter().find(|(path, _)| *path == "js/common/package.json.in");
    let jco =
        template.expect("it is there").1.lines().find(|line| line.contains("/jco\"")).expect("it needs jco");
    assert!(NPM_LOCK.contains(jco.trim()), "{jco}");
}
