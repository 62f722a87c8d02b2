//! What is read of plugins as packages: manifests, locks, references, and components.

use spec_plugin_package::{
    PluginLock, PluginManifest, PluginReference, manifest_of, summarize, with_manifest,
};

const MANIFEST: &str = "name: only-long\nversion: 0.1.0\nsummary: Primes what is long.\nlicence: Apache-2.0\nlanguage: \
                        rust\nworlds:\n- priming-policy\nkinds:\n- a\nsettings:\n  least-ms:\n    summary: Milliseconds.\n    \
                        type: number\n    default: '100'\n";

const LOCK: &str = "format: 1\nplugins:\n  oci://example.org/team/mine:1.2.0:\n    sha256: \
                    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n    size: 16384\n    world: \
                    priming-policy\n    name: mine\n    version: 1.2.0\n";

/// The input is a component, a manifest, a lock and a reference.
pub fn run(data: &[u8]) {
    let _ = summarize(data, "x.wasm");
    let _ = manifest_of(data, "x.wasm");
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(manifest) = PluginManifest::parse(text, "spec-plugin.yaml") {
        let component = with_manifest(b"\0asm\x0d\0\x01\0", &manifest, "x.wasm").expect("it is whole");
        let read = manifest_of(&component, "x.wasm").expect("what was written can be read");
        assert_eq!(read, Some(manifest));
    }
    if let Ok(lock) = PluginLock::parse(text, "spec.lock") {
        assert_eq!(PluginLock::parse(&lock.text(), "spec.lock").expect("what was written can be read"), lock);
    }
    if let Ok(reference) = text.parse::<PluginReference>() {
        assert_eq!(reference.to_string(), text);
    }
}

/// One of each.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let manifest = PluginManifest::parse(MANIFEST, "seed").expect("it is valid");
    let module = b"\0asm\x01\0\0\0\x05\x03\x01\0\x02";
    let mut component = b"\0asm\x0d\0\x01\0\x01".to_vec();
    component.push(u8::try_from(module.len()).expect("it is short"));
    component.extend_from_slice(module);
    let texts = [MANIFEST, LOCK, "oci://localhost:5000/team/mine:1.2.0", "plugins/mine.wasm"];
    let mut seeds: Vec<Vec<u8>> = texts.map(|text| text.as_bytes().to_vec()).into();
    seeds.push(with_manifest(&component, &manifest, "seed").expect("it is whole"));
    seeds
}
