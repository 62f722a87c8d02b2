use super::*;

#[test]
fn a_server_that_is_away_is_asked_by_one_at_a_time_with_longer_and_longer_pauses() {
    let (breaker, start) = (CircuitBreaker::default(), Instant::now());
    assert_eq!(breaker.admit(start), Ok(Admission::Usual));
    breaker.failed(Admission::Usual, "refused", start);
    // Others that were on their way change nothing.
    breaker.failed(Admission::Usual, "refused, too", start + FIRST_PAUSE);
    assert!(matches!(breaker.health(), RemoteHealth::Away { why, .. } if why == "refused"));
    let (mut now, mut pause) = (start, FIRST_PAUSE);
    for _ in 0..8 {
        assert!(breaker.admit(now + pause - Duration::from_millis(1)).is_err(), "too early");
        now += pause;
        assert_eq!(breaker.admit(now), Ok(Admission::Probe));
        assert!(breaker.admit(now).is_err(), "one probes already");
        breaker.failed(Admission::Probe, "refused", now);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    assert_eq!(pause, LONGEST_PAUSE);
    now += pause;
    assert_eq!(breaker.admit(now), Ok(Admission::Probe));
    breaker.probe_given_up();
    assert_eq!(breaker.admit(now), Ok(Admission::Probe), "the next one may ask");
    breaker.answered();
    assert_eq!((breaker.admit(now), breaker.health()), (Ok(Admission::Usual), RemoteHealth::Available));
}
