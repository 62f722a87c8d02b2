//! `grpc.health.v1.Health`: whether the services are serving; each has its name, and all together the empty name.

use spec_proto::{asset, reapi};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// Services whose health is reported.
const NAMES: [&str; 9] = [
    "",
    reapi::action_cache_server::SERVICE_NAME,
    reapi::capabilities_server::SERVICE_NAME,
    reapi::content_addressable_storage_server::SERVICE_NAME,
    reapi::execution_server::SERVICE_NAME,
    asset::fetch_server::SERVICE_NAME,
    asset::push_server::SERVICE_NAME,
    bazel_remote_apis::google::bytestream::byte_stream_server::SERVICE_NAME,
    bazel_remote_apis::google::longrunning::operations_server::SERVICE_NAME,
];

/// The health of a server, the same on all its listeners.
#[derive(Clone, Debug)]
pub(crate) struct Health(HealthReporter);

impl Health {
    pub(crate) fn new() -> Self {
        Self(HealthReporter::new())
    }

    pub(crate) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.0.clone()))
    }

    pub(crate) async fn set_serving(&self) {
        for name in NAMES {
            self.0.set_service_status(name, ServingStatus::Serving).await;
        }
    }

    /// Reports that the services are stopping, and ends the streams of watching clients, which would keep the server from
    /// ending.
    pub(crate) async fn set_stopping(&self) {
        let mut reporter = self.0.clone();
        for name in NAMES {
            reporter.set_service_status(name, ServingStatus::NotServing).await;
            reporter.clear_service_status(name).await;
        }
    }
}
