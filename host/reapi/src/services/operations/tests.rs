use bazel_remote_apis::google::longrunning::operations_server::Operations as _;
use spec_model::Digest;

use super::*;
use crate::inline_contents::InlineRequest;
use crate::options::Options;

#[tokio::test]
async fn a_waiting_client_keeps_the_operation_going() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = spec_cas::Cas::open(folder.path()).expect("a store");
    let context = ServiceContext::new(cas, Options::default());
    let backend = context.backend("", 0).expect("it is served");
    let created = context.operations.create("", backend, Digest::of(b""), InlineRequest::default());
    let operation = Arc::clone(&created.expect("it is open").0);
    assert!(operation.idle_for().is_some(), "no client is attached");
    let name = operation.name.clone();
    let service = OperationsService { context };
    let request = longrunning::WaitOperationRequest { name, timeout: None };
    let waiting = tokio::spawn(async move { service.wait_operation(Request::new(request)).await });
    let attached = async {
        while operation.idle_for().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), attached).await.expect("a client attaches");
    operation.cancel();
    let message = waiting.await.expect("it ends").expect("it is there").into_inner();
    assert!(message.done);
    assert!(operation.idle_for().is_some(), "no client is attached any more");
}
