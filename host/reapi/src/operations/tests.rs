use super::*;

#[test]
fn closing_cancels_operations_and_refuses_new_ones() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let backend = Arc::new(DigestBackend::new(spec_cas::Cas::open(folder.path()).expect("a store"), None));
    let operations = Operations::new(Arc::new(Metrics::new()));
    let create = || operations.create("", Arc::clone(&backend), Digest::of(b""), InlineRequest::default());
    let running = create().unwrap_or_else(|_| panic!("it is open"));
    operations.close();
    assert!(matches!(running.0.state.stage(), ExecutionStage::Completed(Err(ActionError::Cancelled))));
    assert!(matches!(create().map(drop), Err(RequestError::Busy(_))));
    assert!(operations.find(&running.0.name).is_err());
}
