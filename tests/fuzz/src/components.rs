//! What files of components say of themselves.

use spec_component_metadata::ComponentMetadata;

/// The input is a file. All that is read from it is in it.
pub fn run(data: &[u8]) {
    let Ok(metadata) = ComponentMetadata::read(data) else { return };
    let names = metadata.imports.iter().chain(&metadata.exports);
    let length: usize = names.map(|name| name.len() + 1).sum();
    assert!(length <= data.len(), "{length} bytes of names");
    assert!(metadata.code_size <= data.len() as u64, "{} bytes of code", metadata.code_size);
    assert_eq!(ComponentMetadata::read(data).ok(), Some(metadata));
}

/// A component with an import and an export, in which are a module with a function, and another component.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let section = |id: u8, contents: &[u8]| [&[id, contents.len() as u8], contents].concat();
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let component = |sections: &[Vec<u8>]| [&b"\0asm\x0d\0\x01\0"[..], &sections.concat()].concat();
    let import = section(10, &[&[1, 0][..], &text("spec:plugin/log@0.2.0"), &[5, 0]].concat());
    let export = section(11, &[&[1, 0][..], &text("spec:plugin/priming@0.2.0"), &[5, 0, 0]].concat());
    let tool =
        [text("producers"), vec![1], text("processed-by"), vec![1], text("clang"), text("19")].concat();
    let code = section(10, &[1, 2, 0, 0x0b]);
    let function = section(3, &[1, 0]);
    let module = [&b"\0asm\x01\0\0\0"[..], &section(0, &tool), &function, &code].concat();
    let inner = component(std::slice::from_ref(&import));
    let whole = component(&[import, section(1, &module), section(4, &inner), export]);
    vec![whole, inner, module]
}
