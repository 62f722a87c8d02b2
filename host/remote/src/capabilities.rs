//! The capabilities of a server that this client uses.

use spec_proto::reapi;

/// gRPC's default limit of a message. A larger batch size that a server announces is not used.
const MAX_MESSAGE: u64 = 4 << 20;
/// Bytes of a message that are reserved for digests and the fields around the blobs.
const OVERHEAD: u64 = 128 << 10;

/// What a server announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteCapabilities {
    /// Largest sum of the sizes of the blobs in one batch.
    pub max_batch: u64,
    /// Whether blobs in streams, and blobs in batches that are read, may be compressed with zstd.
    pub zstd: bool,
    /// Whether blobs in batches that are written may be compressed with zstd.
    pub zstd_updates: bool,
    /// Whether it stores blobs.
    pub storage: bool,
    /// Whether it executes actions.
    pub execution: bool,
    /// Whether its action cache takes results of clients.
    pub update_results: bool,
    /// The numbers of the digest functions of its store; a server before REAPI 2.1 announces none.
    pub(crate) functions: Vec<i32>,
}

impl RemoteCapabilities {
    pub(crate) fn of(capabilities: &reapi::ServerCapabilities) -> Self {
        let storage = capabilities.cache_capabilities.is_some();
        let cache = capabilities.cache_capabilities.clone().unwrap_or_default();
        let zstd = reapi::compressor::Value::Zstd as i32;
        // REAPI: 0 means no limit but that of messages.
        let announced = u64::try_from(cache.max_batch_total_size_bytes).unwrap_or(0);
        let max = MAX_MESSAGE - OVERHEAD;
        Self {
            max_batch: if announced == 0 { max } else { announced.min(max) },
            zstd: cache.supported_compressors.contains(&zstd),
            zstd_updates: cache.supported_batch_update_compressors.contains(&zstd),
            storage,
            execution: capabilities.execution_capabilities.as_ref().is_some_and(|one| one.exec_enabled),
            update_results: cache
                .action_cache_update_capabilities
                .is_some_and(|capabilities| capabilities.update_enabled),
            functions: cache.digest_functions,
        }
    }
}
