use super::*;

fn request() -> SpeculationEvent {
    SpeculationEvent::Requested { element: 0, action: Digest::of(b"action") }
}

#[test]
fn sending_never_waits_and_only_requests_are_dropped() {
    let (sender, receiver) = EventSender::new();
    for _ in 0..MAX_WAITING_REQUESTS + 3 {
        sender.send_request(request());
    }
    for element in 0..MAX_WAITING_REQUESTS {
        sender.send(SpeculationEvent::BuildEnded { element });
    }
    assert_eq!(sender.dropped_requests(), 3);
    let events: Vec<SpeculationEvent> = receiver.waiting().collect();
    assert_eq!(events.len(), 2 * MAX_WAITING_REQUESTS);
    sender.send_request(request());
    assert_eq!(sender.dropped_requests(), 3, "there is room again");
    assert!(matches!(receiver.next(Duration::ZERO), Ok(Some(SpeculationEvent::Requested { .. }))));
    assert!(matches!(receiver.next(Duration::ZERO), Ok(None)));
    drop(sender);
    assert!(receiver.next(Duration::ZERO).is_err());
}

#[test]
fn nothing_is_waited_for_after_the_loop_has_ended() {
    let (sender, receiver) = EventSender::new();
    drop(receiver);
    let start = std::time::Instant::now();
    sender.send_request(request());
    assert!(sender.predictions(0).results.is_empty());
    assert!(matches!(sender.end_session(), LoopEnd::NoRecords));
    assert!(start.elapsed() < PREDICTIONS_DEADLINE);
}
