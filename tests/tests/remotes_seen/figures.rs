//! A line and an event for each server at the end of a session.

use std::fs;

use serde_json::Value;
use spec_testkit::{Host, Outcome, Project, Service};

use crate::{artifacts, cluster, configured, project};

/// The lines about servers.
fn lines(outcome: &Outcome) -> Vec<&str> {
    outcome.stderr.lines().filter(|line| line.contains("note[remote]")).collect()
}

/// Builds with events; the messages `remote` of these.
fn build(host: &Host, project: &Project) -> (Outcome, Vec<Value>) {
    let events = host.folder().join("events");
    let built = host.run(project, &["--json-events", &events.display().to_string(), "build", "a.bst"]);
    let _ = built.success();
    let text = fs::read_to_string(events).expect("it is written");
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    (built, all.filter(|event| event["reason"] == "remote").collect())
}

#[test]
fn each_server_that_was_used_has_a_line_and_an_event() {
    let (server, project) = (Host::new(), project());
    let service = Service::start(&server, &["--workers", "1"]);
    let url = service.url();
    let lines_of = format!("{}{}", artifacts(&url, ", push: True"), cluster(&url, ""));
    let (built, events) = build(&configured(&lines_of), &project);
    assert_eq!(events.len(), 2, "{}", built.stderr);
    let [of_cluster, of_artifacts] = &events[..] else { panic!("two servers") };
    assert_eq!(of_cluster["labels"]["roles"], "execution, storage, action cache");
    assert_eq!(of_artifacts["labels"]["roles"], "artifacts");
    assert_eq!(of_artifacts["labels"]["address"], url.as_str());
    let figures = &of_artifacts["figures"];
    // What is asked before a push is no lookup.
    assert_eq!([&figures["lookups"], &figures["found"]], [1, 0], "{figures}");
    for figure in ["requests", "bytes-up", "bytes-down", "p50-us", "p95-us"] {
        assert!(figures[figure].as_u64().is_some_and(|number| number > 0), "{figure} in {figures}");
    }
    for figure in ["errors", "retries", "in-flight", "queued", "away-ms"] {
        assert_eq!(figures[figure], 0, "{figure}");
    }

    let (pulled, events) = build(&configured(&artifacts(&url, "")), &project);
    assert_eq!(events[0]["figures"]["found"], 1);
    let line = lines(&pulled)[0];
    assert!(line.contains(&format!("{url} artifacts: ")) && line.contains(", 1 of 1 found, "), "{line}");
    assert!(line.contains(" down, p50 ") && line.contains(", p95 "), "{line}");
}

#[test]
fn a_server_that_is_away_is_told_so() {
    let project = project();
    let (built, events) = build(&configured(&artifacts("http://127.0.0.1:1", "")), &project);
    assert!(lines(&built)[0].contains("away for"), "{}", built.stderr);
    let figures = &events[0]["figures"];
    assert!(figures["errors"].as_u64() > Some(0) && figures["bytes-down"] == 0, "{figures}");
}

#[test]
fn without_servers_nothing_is_told_of_them() {
    let (built, events) = build(&Host::new(), &project());
    assert!(lines(&built).is_empty() && events.is_empty(), "{}", built.stderr);
}
