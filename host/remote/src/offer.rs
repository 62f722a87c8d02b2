//! What a server offers: the part of its capabilities that matters here.

use spec_proto::reapi;

/// gRPC's usual limit of a message; what a server may announce beyond it is not used.
const MESSAGE: u64 = 4 << 20;
/// Bytes of a batch that are left for digests and the message around them.
const AROUND: u64 = 128 << 10;

/// What a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The sum of blobs' sizes in one batch.
    pub max_batch: u64,
    /// Whether single blobs may be compressed with zstd on their way.
    pub zstd: bool,
}

impl Default for Offer {
    /// What every server offers, whatever it announces.
    fn default() -> Self {
        Self::of(&reapi::ServerCapabilities::default())
    }
}

impl Offer {
    pub(crate) fn of(capabilities: &reapi::ServerCapabilities) -> Self {
        let cache = capabilities.cache_capabilities.clone().unwrap_or_default();
        // REAPI: 0 means no limit but that of messages.
        let announced = u64::try_from(cache.max_batch_total_size_bytes).unwrap_or(0);
        let most = MESSAGE - AROUND;
        Self {
            max_batch: if announced == 0 { most } else { announced.min(most) },
            zstd: cache.supported_compressors.contains(&(reapi::compressor::Value::Zstd as i32)),
        }
    }
}
