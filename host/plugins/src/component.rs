//! From the bytes of a component to something that can be instantiated.

use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::code_cache::CodeCache;
use crate::failure::Failure;
use crate::world::World;

/// The version of every world that is served, without its last number: later ones are compatible.
const VERSION: &str = "0.1.";

const MAGIC: &[u8] = b"\0asm";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Compiles a component, or loads what was compiled before, and checks that it is one of the world.
pub(crate) fn prepare<W: World>(
    engine: &Engine,
    code: Option<&CodeCache>,
    bytes: &[u8],
) -> Result<W::Pre, Failure> {
    if bytes.starts_with(MODULE) {
        return Err(no_component::<W>("it is a core module; make a component of it with wit-component"));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(no_component::<W>("it is no WebAssembly"));
    }
    let component = match code.and_then(|code| code.load(engine, bytes)) {
        Some(component) => component,
        None => compile::<W>(engine, code, bytes)?,
    };
    let mut linker = Linker::new(engine);
    W::link(&mut linker)
        .and_then(|()| linker.instantiate_pre(&component))
        .and_then(W::prepare)
        .map_err(|error| wrong_world::<W>(engine, &component, &error))
}

fn compile<W: World>(engine: &Engine, code: Option<&CodeCache>, bytes: &[u8]) -> Result<Component, Failure> {
    let component = Component::from_binary(engine, bytes)
        .map_err(|error| no_component::<W>(&format!("it is damaged: {}", error.root_cause())))?;
    if let Some(code) = code {
        code.keep(bytes, &component);
    }
    Ok(component)
}

fn no_component<W: World>(what: &str) -> Failure {
    let message =
        format!("the file is not a component: {what}; name a component of the world {}", W::PACKAGE);
    Failure::plugin("plugin-not-a-component", message)
}

fn wrong_world<W: World>(engine: &Engine, component: &Component, error: &wasmtime::Error) -> Failure {
    let (package, called) = (W::PACKAGE, W::CALLED);
    let (export, import) = (format!("{package}/{}@", W::EXPORT), format!("{package}/log@{VERSION}"));
    let ty = component.component_type();
    let Some(version) = ty.exports(engine).find_map(|(name, _)| name.strip_prefix(&export)) else {
        let message = format!(
            "it is a component, but not {called}: it does not export {package}/{}; build it for the world of \
             {package}",
            W::EXPORT
        );
        return Failure::plugin("plugin-wrong-world", message);
    };
    if !version.starts_with(VERSION) {
        let message = format!(
            "it is made for version {version} of {package}, and this program serves {VERSION}x; use a component or a \
             program of the other version"
        );
        return Failure::plugin("plugin-wrong-version", message);
    }
    let message = match ty.imports(engine).find(|(name, _)| !name.starts_with(&import)) {
        Some((import, _)) => {
            format!("it imports {import}, and {called} gets nothing but {package}/log; build it without WASI")
        }
        None => format!(
            "its types are not those of {package} {VERSION}x: {}; build it again from the WIT text",
            error.root_cause()
        ),
    };
    Failure::plugin("plugin-wrong-world", message)
}
