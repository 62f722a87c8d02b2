//! What components take of the engine.

use wasmparser::{BinaryReaderError, Instance, Payload};

/// Bytes of a page of memory.
const PAGE: u64 = 64 << 10;

/// What one instance of a component takes of the engine: what all its modules define, each once.
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

impl ComponentNeeds {
    /// Adds what a section of a component or a module in it defines.
    pub(crate) fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
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
