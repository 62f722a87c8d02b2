//! The sockets of sandboxes, used from the host.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

mod common;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use spec_cas::Cas;
use spec_execution::{
    Executions, InMemoryRecorder, LazyExecutions, PoolOptions, RemoteApis, ResultCache, Rights, SocketOptions,
};
use spec_proto::reapi;
use spec_proto::reapi::action_cache_client::ActionCacheClient;
use spec_proto::reapi::capabilities_client::CapabilitiesClient;
use spec_reapi::SessionApiServer;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

fn options(update_results: bool) -> SocketOptions {
    let (recording, rights) = (InMemoryRecorder::default().recording(), Rights::of_sandbox(false, 0, 0));
    SocketOptions { recording, update_results, for_action: false, rights }
}

/// A server over executions of a fake executor.
fn api_server(cas: &Cas) -> SessionApiServer {
    let store = cas.clone();
    let start = move || {
        let pool = PoolOptions { workers: 1, max_queued: 1 };
        Executions::start(store.clone(), ResultCache::new(&store), common::pretender(&store), pool)
    };
    SessionApiServer::new(cas.clone(), Arc::new(LazyExecutions::new(start)))
}

/// Connects by a short path: the address of a socket has at most 107 bytes.
async fn connect(folder: &Path, socket: &Path) -> Channel {
    let way = folder.join("way");
    let _ = std::fs::remove_file(&way);
    symlink(socket.parent().unwrap(), &way).unwrap();
    let address = format!("unix://{}", way.join(socket.file_name().unwrap()).display());
    Endpoint::try_from(address).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn a_socket_has_its_session_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let cas = Cas::open(folder.path().join("long".repeat(30))).unwrap();
    let api_server = api_server(&cas);
    let result = Some(reapi::ActionResult::default());
    let digest = Some(common::wire(&common::action(&cas, "true")));
    for (update, expected) in [(true, None), (false, Some(Code::PermissionDenied))] {
        let open = api_server.open(options(update)).unwrap();
        let channel = connect(folder.path(), open.path()).await;
        let capable = |instance: &str| {
            let instance_name = instance.to_owned();
            let mut client = CapabilitiesClient::new(channel.clone());
            async move { client.get_capabilities(reapi::GetCapabilitiesRequest { instance_name }).await }
        };
        let capabilities = capable("").await.unwrap().into_inner();
        assert!(capabilities.execution_capabilities.is_some_and(|execution| execution.exec_enabled));
        let updates = capabilities.cache_capabilities.unwrap().action_cache_update_capabilities.unwrap();
        assert_eq!(updates.update_enabled, update);
        assert_eq!(capable("other").await.unwrap_err().code(), Code::InvalidArgument);

        let request = reapi::UpdateActionResultRequest {
            action_digest: digest.clone(),
            action_result: result.clone(),
            ..Default::default()
        };
        let updated = ActionCacheClient::new(channel.clone()).update_action_result(request).await;
        assert_eq!(updated.err().map(|status| status.code()), expected);
        let health = HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await;
        assert_eq!(health.unwrap_err().code(), Code::Unimplemented);
    }
}

#[tokio::test]
async fn a_socket_goes_with_who_opened_it() {
    let folder = tempfile::tempdir().unwrap();
    let cas = Cas::open(folder.path()).unwrap();
    let api_server = api_server(&cas);
    let (first, second) =
        (api_server.open(options(false)).unwrap(), api_server.open(options(false)).unwrap());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let path = first.path().to_owned();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o666, 0o700));
    drop(first);
    assert!(!path.exists());
    let channel = connect(folder.path(), second.path()).await;
    let request = reapi::GetCapabilitiesRequest::default();
    assert!(CapabilitiesClient::new(channel).get_capabilities(request).await.is_ok());
}
