//! Compiles components and checks that they implement the right world.

use spec_component_metadata::{ComponentMetadata, MetadataError};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::failure::PluginFailure;
use crate::world::World;

/// What errors call a component of any world.
pub(crate) const ANY_WORLD: &str = "an element kind, an overlay policy or a priming policy";

/// What a component says of itself. `expected` is what errors call the component that should be there.
pub(crate) fn metadata(bytes: &[u8], expected: &str) -> Result<ComponentMetadata, PluginFailure> {
    ComponentMetadata::read(bytes).map_err(|error| {
        let failure = not_a_component(expected, &error.to_string());
        match error {
            MetadataError::CoreModule => failure.hint("convert it with 'wasm-tools component new'"),
            MetadataError::NotWebAssembly | MetadataError::Damaged(_) => failure,
        }
    })
}

/// Compiles a component.
pub(crate) fn component(engine: &Engine, bytes: &[u8], expected: &str) -> Result<Component, PluginFailure> {
    Component::from_binary(engine, bytes).map_err(|error| {
        let damaged = || not_a_component(expected, &format!("it is damaged: {}", error.root_cause()));
        exceeded_limit(&error).unwrap_or_else(damaged)
    })
}

/// Links a component and looks up its exports.
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

fn wrong_world<W: World>(engine: &Engine, component: &Component, error: &wasmtime::Error) -> PluginFailure {
    let ty = component.component_type();
    let metadata = ComponentMetadata {
        imports: ty.imports(engine).map(|(name, _)| name.to_owned()).collect(),
        exports: ty.exports(engine).map(|(name, _)| name.to_owned()).collect(),
        ..ComponentMetadata::default()
    };
    check_world::<W>(&metadata).err().unwrap_or_else(|| wrong_types::<W>(error))
}

/// Checks the names of what a component exports and imports: it is of one of two versions of a world.
pub(crate) fn check_versions<Old: World, New: World>(
    metadata: &ComponentMetadata,
) -> Result<(), PluginFailure> {
    let old = format!("{}/{}@", Old::PACKAGE, Old::EXPORT);
    match metadata.exports.iter().any(|name| name.starts_with(&old)) {
        true => check_world::<Old>(metadata),
        false => check_world::<New>(metadata),
    }
}

/// Checks the names of what a component exports and imports.
fn check_world<W: World>(metadata: &ComponentMetadata) -> Result<(), PluginFailure> {
    let (package, export, description, supported) = (W::PACKAGE, W::EXPORT, W::DESCRIPTION, W::VERSION);
    let prefix = format!("{package}/{export}@");
    let Some(version) = metadata.exports.iter().find_map(|name| name.strip_prefix(&prefix)) else {
        let message =
            format!("it is a component, but not {description}: it does not export {package}/{export}");
        let failure = PluginFailure::plugin("plugin-wrong-world", message);
        return Err(failure.hint("build it for the world of that package"));
    };
    if !version.starts_with(supported) {
        let message =
            format!("it implements version {version} of {package}, and this program supports {supported}x");
        let failure = PluginFailure::plugin("plugin-wrong-version", message);
        return Err(failure.hint("use a component or a program of the other version"));
    }
    let is_served = |import: &String| {
        let (interface, version) = import.split_once('@').unwrap_or((import, ""));
        let name = interface.strip_prefix(package).and_then(|name| name.strip_prefix('/'));
        name.is_some_and(|name| W::IMPORTS.contains(&name)) && version.starts_with(supported)
    };
    let refused: Vec<&String> = metadata.imports.iter().filter(|import| !is_served(import)).collect();
    if refused.is_empty() { Ok(()) } else { Err(refused_imports(metadata, &refused, description)) }
}

fn refused_imports(metadata: &ComponentMetadata, refused: &[&String], description: &str) -> PluginFailure {
    let first = refused.iter().take(3).map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let others = match refused.len().saturating_sub(3) {
        0 => String::new(),
        others => format!(" and {others} others"),
    };
    let message = format!("it imports {first}{others}, which {description} does not get");
    let has_wasi = refused.iter().any(|name| name.starts_with("wasi:"));
    let failure = PluginFailure::plugin("plugin-refused-import", message);
    match metadata.tool_chain {
        _ if !has_wasi => failure.hint("build it with the WIT text of this version"),
        Some(tools) => failure.hint(tools.without_wasi()),
        None => failure.hint("build it without WASI; in Rust, for the target wasm32-unknown-unknown"),
    }
}

/// The failure of a component that needs more than the engine's limits. wasmtime has no type for these errors, only texts
/// with what is needed, the word "exceeds", and the limit.
pub(crate) fn exceeded_limit(error: &wasmtime::Error) -> Option<PluginFailure> {
    const THINGS: [(&str, &str); 6] = [
        ("core module instances", "core instances"),
        ("memories", "memories"),
        ("tables", "tables"),
        ("minimum byte size", "bytes of memory"),
        ("minimum element size", "entries of a table"),
        ("instance", "bytes for its instances"),
    ];
    let text = error.root_cause().to_string();
    let (needs, limit) = text.split_once("exceeds")?;
    let thing = THINGS.iter().find(|(part, _)| needs.contains(part)).map(|(_, thing)| *thing);
    let message = match (thing, numbers(needs).last(), numbers(limit).next()) {
        (Some(thing), Some(needed), Some(limit)) => {
            format!("the component needs {needed} {thing}; the limit is {limit}")
        }
        _ => format!("the component exceeds a limit: {text}"),
    };
    Some(PluginFailure::plugin("plugin-too-large", message))
}

/// Decimal numbers, and hexadecimal ones that begin with `0x`.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric());
    words.filter_map(|word| match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    })
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

#[cfg(test)]
mod tests;
