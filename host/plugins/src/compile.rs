//! Compiles components and checks that they implement the right world.

use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::code_cache::CodeCache;
use crate::failure::PluginFailure;
use crate::world::World;

const MAGIC: &[u8] = b"\0asm";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Compiles a component, or loads its cached code. `expected` is what errors call the component that should be there.
pub(crate) fn component(
    engine: &Engine,
    code: Option<&CodeCache>,
    bytes: &[u8],
    expected: &str,
) -> Result<Component, PluginFailure> {
    if bytes.starts_with(MODULE) {
        let failure = not_a_component(expected, "it is a core module");
        return Err(failure.hint("convert it with wit-component"));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(not_a_component(expected, "it is not WebAssembly"));
    }
    if let Some(component) = code.and_then(|code| code.load(engine, bytes)) {
        return Ok(component);
    }
    let component = Component::from_binary(engine, bytes).map_err(|error| {
        let damaged = || not_a_component(expected, &format!("it is damaged: {}", error.root_cause()));
        exceeded_limit(&error).unwrap_or_else(damaged)
    })?;
    if let Some(code) = code {
        code.store(bytes, &component);
    }
    Ok(component)
}

/// Checks that a component implements the world, and looks up its exports.
pub(crate) fn prepare<W: World>(engine: &Engine, component: &Component) -> Result<W::Pre, PluginFailure> {
    let mut linker = Linker::new(engine);
    W::link(&mut linker)
        .and_then(|()| linker.instantiate_pre(component))
        .and_then(W::prepare)
        .map_err(|error| wrong_world::<W>(engine, component, &error))
}

/// Whether a component exports the interface of a world, in whatever version.
pub(crate) fn is_of<W: World>(engine: &Engine, component: &Component) -> bool {
    let name = format!("{}/{}@", W::PACKAGE, W::EXPORT);
    component.component_type().exports(engine).any(|(export, _)| export.starts_with(&name))
}

/// The interfaces that a component exports, with their versions.
pub(crate) fn exports(engine: &Engine, component: &Component) -> Vec<String> {
    component.component_type().exports(engine).map(|(name, _)| name.to_owned()).collect()
}

/// The failure of a component that needs more than the engine's limits. wasmtime has no type for these errors, only texts.
pub(crate) fn exceeded_limit(error: &wasmtime::Error) -> Option<PluginFailure> {
    let text = error.root_cause().to_string();
    if !text.contains("exceeds") {
        return None;
    }
    let parts = || {
        let (_, needs) = text.split_once(" contains ")?;
        let (needs, rest) = needs.split_once(", which")?;
        let (_, limit) = rest.split_once(" maximum of ")?;
        Some((needs, limit.split(' ').next()?))
    };
    let message = match parts() {
        Some((needs, limit)) => format!("the component needs {needs}; the limit is {limit}"),
        None => format!("the component exceeds a limit: {text}"),
    };
    Some(PluginFailure::plugin("plugin-too-large", message))
}

fn not_a_component(expected: &str, what: &str) -> PluginFailure {
    let message = format!("the file is not a component: {what}; expected {expected}");
    PluginFailure::plugin("plugin-not-a-component", message)
}

/// The failure of a component whose types are not those of the contract.
pub(crate) fn wrong_types<W: World>(error: &wasmtime::Error) -> PluginFailure {
    let (package, version) = (W::PACKAGE, W::VERSION);
    let message = format!("its types differ from those of {package} {version}x: {}", error.root_cause());
    PluginFailure::plugin("plugin-wrong-world", message).hint("build it with the WIT text of this version")
}

fn wrong_world<W: World>(engine: &Engine, component: &Component, error: &wasmtime::Error) -> PluginFailure {
    let (package, description, supported) = (W::PACKAGE, W::DESCRIPTION, W::VERSION);
    let export = format!("{package}/{}@", W::EXPORT);
    let ty = component.component_type();
    let Some(version) = ty.exports(engine).find_map(|(name, _)| name.strip_prefix(&export)) else {
        let message =
            format!("it is a component, but not {description}: it does not export {package}/{}", W::EXPORT);
        return PluginFailure::plugin("plugin-wrong-world", message)
            .hint("build it for the world of that package");
    };
    if !version.starts_with(supported) {
        let message =
            format!("it implements version {version} of {package}, and this program supports {supported}x");
        let hint = "use a component or a program of the other version";
        return PluginFailure::plugin("plugin-wrong-version", message).hint(hint);
    }
    let is_allowed = |name: &str| {
        W::IMPORTS.iter().any(|import| name.starts_with(&format!("{package}/{import}@{supported}")))
    };
    match ty.imports(engine).find(|(name, _)| !is_allowed(name)) {
        Some((import, _)) => {
            let allowed = W::IMPORTS.join(", ");
            let message =
                format!("it imports {import}, but {description} may import only {allowed} of {package}");
            PluginFailure::plugin("plugin-wrong-world", message).hint("build it without WASI")
        }
        None => wrong_types::<W>(error),
    }
}
