//! Reads what the file of a WebAssembly component says of itself, without compiling it, and changes its custom sections.
//!
//! Files of components come from others. Reading one takes time in proportion to its size; nothing in it is run.

mod needs;
mod sections;
mod tool_chain;

use wasmparser::{ComponentExternName, Encoding, KnownCustom, Parser, Payload};

pub use needs::ComponentNeeds;
pub use sections::{custom_section, with_custom_section, without_custom_sections};
pub use tool_chain::ToolChain;

/// What a component says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentMetadata {
    /// The names of what it imports, such as `spec:plugin/log@0.2.0`, in the order of the file.
    pub imports: Vec<String>,
    /// The names of what it exports, in the order of the file.
    pub exports: Vec<String>,
    /// The tools that made it, if it names one that is known.
    pub tool_chain: Option<ToolChain>,
    /// The size of its code in bytes, without data: the time to compile it is about proportional to this.
    pub code_size: u64,
    /// What an instance of it takes of the engine.
    pub needs: ComponentNeeds,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// It does not begin as WebAssembly does.
    #[error("it is not WebAssembly")]
    NotWebAssembly,
    /// It is a module that no tool made a component of.
    #[error("it is a core module")]
    CoreModule,
    /// Its structure is wrong.
    #[error("it is damaged: {0}")]
    Damaged(#[from] wasmparser::BinaryReaderError),
}

impl ComponentMetadata {
    /// Reads the file of a component.
    ///
    /// # Errors
    /// When it is no component, or its sections cannot be told apart.
    pub fn read(bytes: &[u8]) -> Result<Self, MetadataError> {
        if Parser::is_core_wasm(bytes) {
            return Err(MetadataError::CoreModule);
        }
        if !bytes.starts_with(b"\0asm") {
            return Err(MetadataError::NotWebAssembly);
        }
        let mut metadata = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(MetadataError::CoreModule);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        metadata.imports.push(full_name(&import?.name));
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        metadata.exports.push(full_name(&export?.name));
                    }
                }
                Payload::CodeSectionStart { size, .. } => metadata.code_size += u64::from(size),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Producers(producers) = section.as_known() {
                        metadata.add_producers(producers)?;
                    }
                }
                other => metadata.needs.add(&other)?,
            }
        }
        let by_names = ToolChain::of_names(&metadata.imports, &metadata.exports);
        metadata.tool_chain = metadata.tool_chain.max(by_names);
        Ok(metadata)
    }

    /// Of all tools that the modules of a component name, the most specific one counts: the run-time of a scripting language
    /// was compiled by another tool.
    fn add_producers(
        &mut self,
        producers: wasmparser::ProducersSectionReader<'_>,
    ) -> Result<(), wasmparser::BinaryReaderError> {
        for field in producers {
            for value in field?.values {
                self.tool_chain = self.tool_chain.max(ToolChain::of_producer(value?.name));
            }
        }
        Ok(())
    }
}

fn full_name(name: &ComponentExternName<'_>) -> String {
    format!("{}{}", name.name, name.version_suffix.unwrap_or_default())
}

#[cfg(test)]
mod tests;
