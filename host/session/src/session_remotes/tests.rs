use super::*;

fn figures() -> RemoteFigures {
    let statistics = RemoteStatistics {
        address: "http://cache:80".to_owned(),
        requests: 12,
        lookups: 12,
        found: 10,
        bytes_down: 3_400_000,
        latency_p50: Duration::from_millis(2),
        latency_p95: Duration::from_millis(8),
        ..RemoteStatistics::default()
    };
    RemoteFigures { roles: vec![RemoteRole::Artifacts], statistics }
}

#[test]
fn a_line_says_what_the_requests_came_to() {
    let told = message(&figures());
    assert_eq!(
        (told.reason.as_str(), told.text.as_str()),
        ("remote", "http://cache:80 artifacts: 12 requests, 10 of 12 found, 3.4 MB down, p50 2 ms, p95 8 ms")
    );
    assert!(
        told.figures.contains(&("p95-us".to_owned(), 8_000))
            && told.figures.contains(&("found".to_owned(), 10))
    );
    assert_eq!(told.labels[1], ("roles".to_owned(), "artifacts".to_owned()));
}

#[test]
fn failures_actions_and_absence_are_told_too() {
    let RemoteFigures { statistics, .. } = figures();
    let statistics = RemoteStatistics {
        errors: 3,
        retries: 2,
        lookups: 0,
        executions: 1,
        away_since: Some(SystemTime::now()),
        ..statistics
    };
    let roles = vec![RemoteRole::Storage, RemoteRole::Execution];
    let told = message(&RemoteFigures { roles, statistics }).text;
    let says = "http://cache:80 execution, storage: 12 requests, 3 failed, 2 tried again, 1 action, 0 of them from its cache, \
                3.4 MB down, p50 2 ms, p95 8 ms, away for 0 s";
    assert_eq!(told, says);
}

#[test]
fn only_what_another_attempt_would_not_change_is_refused() {
    let refused = |error: RemoteError, required| {
        let spec = RemoteSpec::from_text("http://cache:80", crate::remotes::RemotePurpose::All, "/".as_ref());
        let spec = spec.expect("a URL");
        RefusedRemote::of(CheckedRemote { spec, outcome: Err(error), required })
    };
    let address = || "http://cache:80".to_owned();
    let away = || RemoteError::Unreachable { address: address(), why: "no route".to_owned() };
    let broken = RemoteError::Broken { address: address(), action: "x", why: "garbage".to_owned() };
    assert!(refused(away(), false).is_none() && refused(broken, false).is_none());
    assert_eq!(refused(away(), true).map(|error| error.blame()), Some(Blame::Remote));
    let denied = RemoteError::Denied { address: address(), action: "x", why: "who are you".to_owned() };
    let denied = refused(denied, false).expect("it is refused");
    assert_eq!((denied.blame(), denied.reason()), (Blame::Usage, "remote-denied"));
}
