use super::*;

#[test]
fn a_server_that_is_away_is_asked_by_one_at_a_time_with_longer_and_longer_pauses() {
    let (breaker, start) = (CircuitBreaker::default(), Instant::now());
    assert_eq!(breaker.admit(start), Admission::Usual);
    breaker.failed(&Admission::Usual, "refused", start);
    // Others that were on their way change nothing.
    breaker.failed(&Admission::Usual, "refused, too", start + FIRST_PAUSE);
    assert!(matches!(breaker.health(), RemoteHealth::Away { why, .. } if why == "refused"));
    let (mut now, mut pause) = (start, FIRST_PAUSE);
    for _ in 0..8 {
        let early = breaker.admit(now + pause - Duration::from_millis(1));
        assert!(matches!(early, Admission::None { probing: false, .. }), "too early");
        now += pause;
        assert_eq!(breaker.admit(now), Admission::Probe);
        assert!(matches!(breaker.admit(now), Admission::None { probing: true, .. }), "one probes already");
        breaker.failed(&Admission::Probe, "refused", now);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    assert_eq!(pause, LONGEST_PAUSE);
    now += pause;
    assert_eq!(breaker.admit(now), Admission::Probe);
    breaker.probe_given_up();
    assert_eq!(breaker.admit(now), Admission::Probe, "the next one may ask");
    breaker.answered();
    assert_eq!((breaker.admit(now), breaker.health()), (Admission::Usual, RemoteHealth::Available));
}

#[tokio::test]
async fn others_wait_for_the_one_who_asks_whether_it_is_back() {
    let breaker = CircuitBreaker::default();
    let before = Instant::now().checked_sub(FIRST_PAUSE).expect("the machine has run for a second");
    breaker.failed(&Admission::Usual, "refused", before);
    assert_eq!(breaker.wait_for_admission().await, Admission::Probe);
    let (other, ()) = tokio::join!(breaker.wait_for_admission(), async { breaker.answered() });
    assert_eq!(other, Admission::Usual);
}
