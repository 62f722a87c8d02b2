use super::*;

/// A section of less than 128 bytes.
fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id, u8::try_from(contents.len()).expect("it is short")], contents].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).expect("it is short")], text.as_bytes()].concat()
}

fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [&b"\0asm\x0d\0\x01\0"[..], &sections.concat()].concat()
}

/// A component that imports a log, exports an interface, and has a module with a memory of two pages and a table.
fn sample(export: &str) -> Vec<u8> {
    let module = [&b"\0asm\x01\0\0\0"[..], &section(4, &[1, 0x70, 0, 1]), &section(5, &[1, 0, 2])].concat();
    component(&[
        section(10, &[&[1, 0][..], &text("spec:plugin/log@0.2.0"), &[5, 0]].concat()),
        section(1, &module),
        section(2, &[1, 0, 0, 0]),
        section(11, &[&[1, 0][..], &text(export), &[5, 0, 0]].concat()),
    ])
}

#[test]
fn a_component_is_summarized() {
    let summary = summarize(&sample("spec:plugin/priming@0.2.0"), "x.wasm").expect("it is a component");
    assert_eq!(summary.world, Some((PluginWorld::PrimingPolicy, "0.2.0".to_owned())));
    assert_eq!(summary.imports, ["spec:plugin/log@0.2.0"]);
    let needs = ComponentNeeds { core_instances: 1, memories: 1, tables: 1, initial_memory: 128 << 10 };
    assert_eq!((summary.needs, summary.manifest), (needs, None));
    let old = summarize(&sample("spec:overlay-policy/policy@0.1.0"), "x.wasm").expect("it is a component");
    assert_eq!(old.world, Some((PluginWorld::OverlayPolicy, "0.1.0".to_owned())));
    let other = summarize(&sample("wasi:cli/run@0.2.6"), "x.wasm").expect("it is a component");
    assert_eq!(other.world, None);
}

#[test]
fn what_is_no_component_is_refused() {
    for (bytes, says) in [(&b"text"[..], "is not a component"), (b"\0asm\x01\0\0\0", "is not a component")] {
        let error = summarize(bytes, "x.wasm").expect_err("it is none").to_string();
        assert!(error.contains(says), "{error}");
    }
    let whole = sample("spec:plugin/kind@0.2.0");
    for length in 0..whole.len() {
        let _ = summarize(&whole[..length], "x.wasm");
    }
}
