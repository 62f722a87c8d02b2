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
    /// Whether blobs in streams may be compressed with zstd.
    pub zstd: bool,
}

impl Default for RemoteCapabilities {
    /// What is assumed of every server before it was asked.
    fn default() -> Self {
        Self::of(&reapi::ServerCapabilities::default())
    }
}

impl RemoteCapabilities {
    pub(crate) fn of(capabilities: &reapi::ServerCapabilities) -> Self {
        let cache = capabilities.cache_capabilities.clone().unwrap_or_default();
        // REAPI: 0 means no limit but that of messages.
        let announced = u64::try_from(cache.max_batch_total_size_bytes).unwrap_or(0);
        let max = MAX_MESSAGE - OVERHEAD;
        Self {
            max_batch: if announced == 0 { max } else { announced.min(max) },
            zstd: cache.supported_compressors.contains(&(reapi::compressor::Value::Zstd as i32)),
        }
    }
}
