//! What a component says of itself, without running it.

use wasmparser::{BinaryReaderError, Instance, Parser, Payload};

use crate::component::manifest_of;
use crate::error::{PackageError, Result};
use crate::manifest::PluginManifest;
use crate::world::PluginWorld;

/// What a component is.
#[derive(Clone, Debug)]
pub struct ComponentSummary {
    /// Its world, and the version of the contract.
    pub world: Option<(PluginWorld, String)>,
    /// The interfaces that it imports, with their versions.
    pub imports: Vec<String>,
    /// The interfaces that it exports, with their versions.
    pub exports: Vec<String>,
    /// Bytes of the component.
    pub size: u64,
    /// What it needs of the engine's limits.
    pub needs: ComponentNeeds,
    /// The manifest inside.
    pub manifest: Option<PluginManifest>,
}

/// What one instance of a component takes of the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComponentNeeds {
    /// Core instances.
    pub core_instances: u32,
    /// Memories.
    pub memories: u32,
    /// Tables.
    pub tables: u32,
    /// Bytes of memory at the start.
    pub initial_memory: u64,
}

/// Bytes of a page of memory.
const PAGE: u64 = 64 << 10;

/// Reads what a component says of itself; errors call it `file`.
///
/// # Errors
/// When it is no component, or its manifest is not valid.
pub fn summarize(component: &[u8], file: &str) -> Result<ComponentSummary> {
    if !Parser::is_component(component) {
        let hint = Parser::is_core_wasm(component).then(|| "run: spec-host plugin build".to_owned());
        return Err(PackageError::NotAComponent { message: format!("{file} is not a component"), hint });
    }
    let names = names_and_needs(component).map_err(|error| PackageError::NotAComponent {
        message: format!("{file} is damaged: {error}"),
        hint: None,
    })?;
    let NamesAndNeeds { imports, exports, needs } = names;
    let (size, manifest) = (component.len() as u64, manifest_of(component, file)?);
    Ok(ComponentSummary { world: world_of(&exports), imports, exports, size, needs, manifest })
}

/// The world of a component that exports these interfaces, and the version of the contract.
fn world_of(exports: &[String]) -> Option<(PluginWorld, String)> {
    let version = |world: PluginWorld| {
        let mut versions = exports.iter().filter_map(|export| export.split_once('@'));
        versions
            .find(|(interface, _)| world.interfaces().contains(interface))
            .map(|(_, version)| version.to_owned())
    };
    PluginWorld::ALL.into_iter().find_map(|world| Some((world, version(world)?)))
}

/// What a component imports and exports itself, and what all its modules define, each once.
#[derive(Default)]
struct NamesAndNeeds {
    imports: Vec<String>,
    exports: Vec<String>,
    needs: ComponentNeeds,
}

fn names_and_needs(component: &[u8]) -> Result<NamesAndNeeds, BinaryReaderError> {
    let mut read = NamesAndNeeds::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    read.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    read.exports.push(export?.name.name.to_owned());
                }
            }
            other => read.needs.add(&other)?,
        }
    }
    Ok(read)
}

impl ComponentNeeds {
    fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    self.core_instances += u32::from(matches!(instance?, Instance::Instantiate { .. }));
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    let bytes = memory?.initial.saturating_mul(PAGE);
                    self.memories += 1;
                    self.initial_memory = self.initial_memory.saturating_add(bytes);
                }
            }
            Payload::TableSection(tables) => self.tables = self.tables.saturating_add(tables.count()),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
