use super::*;

/// An empty component with a custom section `name`.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0\0\x06\x04namex";

fn manifest(name: &str) -> PluginManifest {
    let text = format!("name: {name}\nversion: 1.0.0\nlanguage: c\nworlds: [priming-policy]\n");
    PluginManifest::parse(&text, "test").expect("it is valid")
}

#[test]
fn a_manifest_is_put_in_and_found() {
    assert_eq!(manifest_of(COMPONENT, "x.wasm").expect("it has none"), None);
    let once = with_manifest(COMPONENT, &manifest("one"), "x.wasm").expect("it is whole");
    assert!(once.starts_with(COMPONENT));
    assert_eq!(manifest_of(&once, "x.wasm").expect("it is valid"), Some(manifest("one")));
    let twice = with_manifest(&once, &manifest("two"), "x.wasm").expect("it is whole");
    assert_eq!(
        (twice.len(), manifest_of(&twice, "x.wasm").expect("it is valid")),
        (once.len(), Some(manifest("two")))
    );
}

#[test]
fn what_is_for_debuggers_goes() {
    let of = |module: &[u8]| stripped(module).expect("it is whole");
    assert_eq!(of(COMPONENT), b"\0asm\x0d\0\x01\0");
    assert_eq!(of(b"\0asm\x01\0\0\0\0\x05\x04keep"), b"\0asm\x01\0\0\0\0\x05\x04keep");
}

#[test]
fn damaged_binaries_do_no_harm() {
    let whole = with_manifest(COMPONENT, &manifest("one"), "x.wasm").expect("it is whole");
    for length in 0..whole.len() {
        let _ = manifest_of(&whole[..length], "x.wasm");
        let _ = stripped(&whole[..length]);
    }
    let error = manifest_of(b"\0asm\x0d\0\x01\0\0\xff\xff\xff\xff\xff", "x").expect_err("it has no end");
    assert!(error.to_string().starts_with("x is damaged"), "{error}");
}
