use super::*;

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// A section of less than 128 bytes.
fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id, u8::try_from(contents.len()).expect("it is short")], contents].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).expect("it is short")], text.as_bytes()].concat()
}

/// A section that imports an instance of the first type.
fn import(name: &str) -> Vec<u8> {
    section(10, &[&[1, 0][..], &text(name), &[5, 0]].concat())
}

/// A section that exports the first instance.
fn export(name: &str) -> Vec<u8> {
    section(11, &[&[1, 0][..], &text(name), &[5, 0, 0]].concat())
}

fn producers(field: &str, tool: &str) -> Vec<u8> {
    let contents = [text("producers"), vec![1], text(field), vec![1], text(tool), text("1.0")];
    section(0, &contents.concat())
}

fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [COMPONENT, &sections.concat()].concat()
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    section(1, &[MODULE, &sections.concat()].concat())
}

#[test]
fn names_are_those_of_the_component_and_not_of_what_is_in_it() {
    let inner = component(&[import("wasi:cli/exit@0.2.6"), export("inner")]);
    let bytes = component(&[
        import("spec:plugin/log@0.2.0"),
        section(4, &inner),
        import("spec:plugin/actions@0.2.0"),
        export("spec:plugin/priming@0.2.0"),
    ]);
    let metadata = ComponentMetadata::read(&bytes).expect("it is a component");
    assert_eq!(metadata.imports, ["spec:plugin/log@0.2.0", "spec:plugin/actions@0.2.0"]);
    assert_eq!(metadata.exports, ["spec:plugin/priming@0.2.0"]);
    assert_eq!(metadata.tool_chain, None);
}

#[test]
fn the_most_specific_tool_counts() {
    let by_rust = module(&[producers("language", "Rust"), producers("processed-by", "clang")]);
    let read = |bytes: &[u8]| ComponentMetadata::read(bytes).expect("it is a component").tool_chain;
    assert_eq!(read(&component(&[module(&[producers("processed-by", "clang")])])), Some(ToolChain::C));
    assert_eq!(read(&component(std::slice::from_ref(&by_rust))), Some(ToolChain::Rust));
    let python = component(&[by_rust, producers("processed-by", "componentize-py")]);
    assert_eq!(read(&python), Some(ToolChain::Python));
    assert_eq!(read(&component(&[import("wasi:http/types@0.2.3")])), Some(ToolChain::StarlingMonkey));
    assert_eq!(read(&component(&[export("init")])), Some(ToolChain::QuickJs));
    assert_eq!(read(&component(&[export("exports")])), Some(ToolChain::Python));
}

/// One core instance of a module with a table and a memory of two pages.
#[test]
fn what_an_instance_takes_is_counted() {
    let module = module(&[section(4, &[1, 0x70, 0, 1]), section(5, &[1, 0, 2])]);
    let bytes = component(&[module, section(2, &[1, 0, 0, 0])]);
    let needs = ComponentNeeds { core_instances: 1, memories: 1, tables: 1, initial_memory: 128 << 10 };
    assert_eq!(ComponentMetadata::read(&bytes).expect("it is a component").needs, needs);
}

#[test]
fn code_is_counted_in_all_modules() {
    // One function without locals, whose body ends at once.
    let code = section(10, &[1, 2, 0, 0x0b]);
    let function = section(3, &[1, 0]);
    let module = module(&[function, code]);
    let bytes = component(&[module.clone(), module]);
    assert_eq!(ComponentMetadata::read(&bytes).expect("it is a component").code_size, 6);
}

#[test]
fn what_is_no_component_is_refused() {
    let read = |bytes: &[u8]| ComponentMetadata::read(bytes).expect_err("it is no component").to_string();
    assert_eq!(read(MODULE), "it is a core module");
    assert_eq!(read(b""), "it is not WebAssembly");
    assert_eq!(read(b"#!/bin/sh"), "it is not WebAssembly");
    let whole = component(&[import("spec:plugin/log@0.2.0"), module(&[])]);
    for length in COMPONENT.len() + 1..whole.len() {
        if let Ok(cut) = ComponentMetadata::read(&whole[..length]) {
            assert!(cut.imports.len() <= 1, "{length}");
        }
    }
    assert!(read(&[COMPONENT, &[10, 5, 200]].concat()).starts_with("it is damaged"));
}
