use super::*;

#[test]
fn waiting_ends_when_the_action_is_cancelled() {
    let (start, least, cancel) = (Instant::now(), Duration::from_millis(20), Cancel::new());
    assert_eq!(wait(least, &cancel), Ok(()));
    assert!(start.elapsed() >= least);
    cancel.cancel();
    assert_eq!(wait(Duration::from_secs(3600), &cancel), Err(ActionError::Cancelled));
}
