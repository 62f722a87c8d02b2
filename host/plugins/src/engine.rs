//! The engine that all components share.

use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig};

use crate::Limits;

/// What a component made of one module needs: the module itself and two of glue for its imports, with room for more.
const MODULES_PER_COMPONENT: u32 = 8;
/// The policies of a session, beside the element kinds.
const POLICIES: usize = 2;

/// An engine for `limits`.
pub(crate) fn new(limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true).concurrency_support(false);
    // Where in the guest a call ended is of no use to a user, and costs size and time of every load.
    config.wasm_backtrace_max_frames(None).generate_address_map(false).native_unwind_info(false);
    // Address space for what an instance may have, not for all of 4 GiB: some machines limit it.
    config.memory_reservation(limits.memory as u64).memory_guard_size(1 << 16);
    config.allocation_strategy(pooling(limits));
    Engine::new(&config)
}

fn pooling(limits: &Limits) -> PoolingAllocationConfig {
    let instances = u32::try_from(limits.instances.saturating_add(POLICIES)).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(MODULES_PER_COMPONENT))
        .max_core_instances_per_component(MODULES_PER_COMPONENT)
        .total_memories(instances)
        .max_memories_per_component(1)
        .total_tables(instances.saturating_mul(2))
        .max_tables_per_component(2)
        .max_memory_size(limits.memory)
        .linear_memory_keep_resident(1 << 18)
        .table_keep_resident(1 << 14)
        .pagemap_scan(Enabled::Auto)
        .total_stacks(0);
    pool
}
