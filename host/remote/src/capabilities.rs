//! The capabilities of a server that this client uses.

use std::fmt;

use bazel_remote_apis::build::bazel::semver::SemVer;
use spec_proto::reapi;
use spec_proto::reapi::digest_function::Value as Function;

/// gRPC's default limit of a message. A larger batch size that a server announces is not used.
const MAX_MESSAGE: u64 = 4 << 20;
/// Bytes of a message that are reserved for digests and the fields around the blobs.
const OVERHEAD: u64 = 128 << 10;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    /// Changes when older clients are not understood any more.
    pub major: i32,
    /// Changes when something is added.
    pub minor: i32,
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

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
    /// Those of its executions.
    pub(crate) execution_functions: Vec<i32>,
    /// The ranges of priorities that it accepts for executions, the least and the greatest of each; some servers announce none.
    pub(crate) priorities: Vec<(i32, i32)>,
    /// The oldest and the newest version of the protocol that it speaks; some servers announce none.
    pub versions: Option<(ApiVersion, ApiVersion)>,
    /// Whether it announced anything; otherwise it is taken for one of REAPI 2.0.
    pub announced: bool,
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
            execution_functions: execution_functions(capabilities),
            priorities: priorities(capabilities),
            versions: version(capabilities.low_api_version.as_ref())
                .zip(version(capabilities.high_api_version.as_ref())),
            announced: true,
        }
    }

    /// The priority nearest to this one that the server accepts.
    pub(crate) fn nearest_priority(&self, priority: i32) -> i32 {
        let nearest = |(least, greatest): &(i32, i32)| priority.max(*least).min(*greatest);
        self.priorities.iter().map(nearest).min_by_key(|other| other.abs_diff(priority)).unwrap_or(priority)
    }

    /// What a server of REAPI 2.0 has, for one that announces nothing. `storage` says whether it stores blobs.
    pub(crate) fn of_oldest_version(storage: bool) -> Self {
        let unannounced = reapi::ServerCapabilities {
            cache_capabilities: storage.then(reapi::CacheCapabilities::default),
            ..Default::default()
        };
        Self { execution: true, update_results: true, announced: false, ..Self::of(&unannounced) }
    }

    /// The names of the digest functions of its store, as REAPI writes them.
    #[must_use]
    pub fn digest_functions(&self) -> Vec<&'static str> {
        self.functions.iter().map(|number| function_name(*number)).collect()
    }
}

/// Version 0.0 is none.
fn version(version: Option<&SemVer>) -> Option<ApiVersion> {
    let version = ApiVersion { major: version?.major, minor: version?.minor };
    (version > ApiVersion { major: 0, minor: 0 }).then_some(version)
}

/// REAPI had one function for executions before it had a list.
fn execution_functions(capabilities: &reapi::ServerCapabilities) -> Vec<i32> {
    let execution = capabilities.execution_capabilities.clone().unwrap_or_default();
    let mut functions = execution.digest_functions;
    functions.extend(Some(execution.digest_function).filter(|number| *number != Function::Unknown as i32));
    functions
}

fn priorities(capabilities: &reapi::ServerCapabilities) -> Vec<(i32, i32)> {
    let execution = capabilities.execution_capabilities.clone().unwrap_or_default();
    let ranges = execution.execution_priority_capabilities.unwrap_or_default().priorities;
    ranges.into_iter().map(|range| (range.min_priority, range.max_priority)).collect()
}

/// The name of a digest function, as REAPI writes it.
pub(crate) fn function_name(number: i32) -> &'static str {
    Function::try_from(number).map_or("unknown", |function| function.as_str_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_priority_is_in_a_range_of_the_server() {
        let mut capabilities = RemoteCapabilities::of(&reapi::ServerCapabilities::default());
        assert_eq!(capabilities.nearest_priority(1101), 1101, "nothing is announced");
        capabilities.priorities = vec![(0, 100), (500, 1000)];
        let nearest = [-5, 7, 101, 499, 700, 1101].map(|priority| capabilities.nearest_priority(priority));
        assert_eq!(nearest, [0, 7, 100, 500, 700, 1000]);
    }
}
