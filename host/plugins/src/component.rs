//! From the bytes of a component to something that can be instantiated.

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings::{ElementKind, ElementKindPre};
use crate::failure::Failure;
use crate::instance::State;

/// The export that makes a component an element kind, without the last number of its version: later ones are
/// compatible.
const EXPORT: &str = "spec:element-kind/kind@";
const VERSION: &str = "0.1.";

/// All that a component may import.
const IMPORT: &str = "spec:element-kind/log@0.1.";

const MAGIC: &[u8] = b"\0asm";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// What every component may import: `log` and nothing else.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    ElementKind::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// Compiles a component, or loads what was compiled before, and checks that it is an element kind.
pub(crate) fn prepare(linker: &Linker<State>, bytes: &[u8]) -> Result<ElementKindPre<State>, Failure> {
    if bytes.starts_with(MODULE) {
        return Err(no_component("it is a core module; make a component of it with wit-component"));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(no_component("it is no WebAssembly"));
    }
    let component = Component::from_binary(linker.engine(), bytes)
        .map_err(|error| no_component(&format!("it is damaged: {}", error.root_cause())))?;
    linker
        .instantiate_pre(&component)
        .and_then(ElementKindPre::new)
        .map_err(|error| wrong_world(linker.engine(), &component, &error))
}

fn no_component(what: &str) -> Failure {
    let message =
        format!("the file is not a component: {what}; name a component of the world spec:element-kind");
    Failure::plugin("plugin-not-a-component", message)
}

fn wrong_world(engine: &Engine, component: &Component, error: &wasmtime::Error) -> Failure {
    let ty = component.component_type();
    let Some(version) = ty.exports(engine).find_map(|(name, _)| name.strip_prefix(EXPORT)) else {
        let message = "it is a component, but not an element kind: it does not export spec:element-kind/kind; build \
                       it for the world spec:element-kind/element-kind";
        return Failure::plugin("plugin-wrong-world", message);
    };
    if !version.starts_with(VERSION) {
        let message = format!(
            "it is made for version {version} of spec:element-kind, and this program serves {VERSION}x; use a \
             component or a program of the other version"
        );
        return Failure::plugin("plugin-wrong-version", message);
    }
    let message = match ty.imports(engine).find(|(name, _)| !name.starts_with(IMPORT)) {
        Some((import, _)) => format!(
            "it imports {import}, and an element kind gets nothing but spec:element-kind/log; build it without WASI"
        ),
        None => format!(
            "its types are not those of spec:element-kind {VERSION}x: {}; build it again from the WIT text",
            error.root_cause()
        ),
    };
    Failure::plugin("plugin-wrong-world", message)
}
