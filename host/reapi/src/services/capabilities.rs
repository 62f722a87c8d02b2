//! `Capabilities`: what the server supports.

use bazel_remote_apis::build::bazel::semver::SemVer;
use spec_proto::reapi;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::options::MAX_BATCH;
use crate::service_context::ServiceContext;

pub(crate) struct CapabilitiesService {
    pub(crate) context: ServiceContext,
}

#[tonic::async_trait]
impl reapi::capabilities_server::Capabilities for CapabilitiesService {
    async fn get_capabilities(
        &self,
        request: Request<reapi::GetCapabilitiesRequest>,
    ) -> Result<Response<reapi::ServerCapabilities>, Status> {
        self.context.check_instance(&request.get_ref().instance_name)?;
        let access = Access::of(&request);
        Ok(Response::new(reapi::ServerCapabilities {
            cache_capabilities: Some(self.cache(access)),
            execution_capabilities: self.execution(),
            deprecated_api_version: None,
            low_api_version: Some(version(0)),
            high_api_version: Some(version(12)),
        }))
    }
}

impl CapabilitiesService {
    fn cache(&self, access: Access) -> reapi::CacheCapabilities {
        use reapi::compressor::Value as Compressor;
        use reapi::symlink_absolute_path_strategy::Value as Symlinks;
        let update_enabled =
            access.require_write().and_then(|()| self.context.check_may_update_results()).is_ok();
        let update = reapi::ActionCacheUpdateCapabilities { update_enabled };
        reapi::CacheCapabilities {
            digest_functions: self.context.backends.wire_functions(false),
            action_cache_update_capabilities: Some(update),
            max_batch_total_size_bytes: MAX_BATCH.cast_signed(),
            symlink_absolute_path_strategy: Symlinks::Allowed as i32,
            supported_compressors: vec![Compressor::Zstd as i32],
            supported_batch_update_compressors: vec![Compressor::Zstd as i32],
            ..Default::default()
        }
    }

    /// The capabilities of execution, if the server executes actions. Older clients read only `digest_function`.
    fn execution(&self) -> Option<reapi::ExecutionCapabilities> {
        let digest_functions = self.context.backends.wire_functions(true);
        let range =
            reapi::priority_capabilities::PriorityRange { min_priority: i32::MIN, max_priority: i32::MAX };
        Some(reapi::ExecutionCapabilities {
            digest_function: *digest_functions.first()?,
            exec_enabled: true,
            execution_priority_capabilities: Some(reapi::PriorityCapabilities { priorities: vec![range] }),
            supported_node_properties: vec!["mtime".to_owned(), "unix_mode".to_owned()],
            digest_functions,
        })
    }
}

/// A version of REAPI. The lowest is 2.0, which older releases of Bazel require.
fn version(minor: i32) -> SemVer {
    SemVer { major: 2, minor, patch: 0, prerelease: String::new() }
}
