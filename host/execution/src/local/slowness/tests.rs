use super::*;

#[test]
fn actions_take_their_time_unless_they_are_cancelled() {
    let (start, least, cancel) = (Instant::now(), Duration::from_millis(20), Cancel::new());
    assert_eq!(slow_down(start, least, &cancel), Ok(()));
    assert!(start.elapsed() >= least);
    cancel.cancel();
    assert_eq!(slow_down(start, least, &cancel), Ok(()), "it has taken that already");
    assert_eq!(slow_down(start, Duration::from_secs(3600), &cancel), Err(ActionError::Cancelled));
}
