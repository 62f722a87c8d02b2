use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::samples::{HOSTILE, small};

fn traced(times: &SessionTimes) -> Vec<Value> {
    let mut bytes = Vec::new();
    write_trace(times, &mut bytes).expect("memory");
    let trace: Value = serde_json::from_slice(&bytes).expect("it is JSON");
    trace["traceEvents"].as_array().expect("it has events").clone()
}

fn number(event: &Value, field: &str) -> u64 {
    event[field].as_u64().unwrap_or_else(|| panic!("{field} in {event}"))
}

/// By track, its spans in the order of the file.
fn spans(events: &[Value]) -> BTreeMap<(u64, u64), Vec<(u64, u64)>> {
    let mut tracks = BTreeMap::<_, Vec<(u64, u64)>>::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let (start, took) = (number(event, "ts"), number(event, "dur"));
        assert!(took > 0 && event["name"].is_string(), "{event}");
        tracks.entry((number(event, "pid"), number(event, "tid"))).or_default().push((start, start + took));
    }
    tracks
}

/// The rules of the format: what viewers do not check, and show wrongly.
fn check(events: &[Value]) {
    let tracks = spans(events);
    for (track, spans) in &tracks {
        let mut spans = spans.clone();
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "spans of {track:?} overlap: {spans:?}");
        let is_named = |event: &&Value| {
            event["name"] == "thread_name" && (number(event, "pid"), number(event, "tid")) == *track
        };
        assert_eq!(events.iter().filter(is_named).count(), 1, "the name of {track:?}");
    }
    let mut begun = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "s" || event["ph"] == "f") {
        let (track, at) = ((number(event, "pid"), number(event, "tid")), number(event, "ts"));
        let within = tracks[&track].iter().any(|(start, end)| (*start..*end).contains(&at));
        assert!(within, "no span is there: {event}");
        match event["ph"].as_str() {
            Some("s") => assert!(begun.insert(number(event, "id"), at).is_none(), "begun twice: {event}"),
            _ => {
                let began =
                    begun.remove(&number(event, "id")).unwrap_or_else(|| panic!("not begun: {event}"));
                assert!(began <= at && event["bp"] == "e", "{event}");
            }
        }
    }
    assert!(begun.is_empty(), "arrows without an end: {begun:?}");
}

#[test]
fn a_small_build_is_traced_by_the_rules() {
    let times = small().read().expect("it is good");
    let events = traced(&times);
    check(&events);
    let arrows: Vec<(u64, u64)> = events
        .iter()
        .filter(|event| event["ph"] == "f")
        .map(|event| (number(event, "pid"), number(event, "ts")))
        .collect();
    assert_eq!(arrows, [(4, 600_000), (4, 700_000)], "to the hit and to the one that joined");
    assert!(
        events.iter().any(|event| event["args"]["element"] == HOSTILE),
        "JSON needs no more than its escapes"
    );
    insta::assert_snapshot!(events.iter().map(|event| format!("{event}\n")).collect::<String>());
}

#[test]
fn times_that_cannot_be_are_traced_by_the_rules() {
    let mut sample = small();
    sample.primed(4, "late", u64::MAX, u64::MAX, "succeeded").request(0, "late", 3, 3, "cache-hit");
    sample.predicted(4, "early", &[]).primed(4, "early", 7, 7, "succeeded");
    sample.request(0, "early", 7, 7, "joined").request(0, "early", u64::MAX, u64::MAX, "cache-hit");
    sample.ran(1, 30, 20, "done");
    check(&traced(&sample.read().expect("it is good")));
}
