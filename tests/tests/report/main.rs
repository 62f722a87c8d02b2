//! The page and the trace of `report`, and the traces of builds.

mod browser;
mod recording;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use browser::Browser;
use serde_json::Value;
use spec_testkit::recc::{BASE, RECC};
use spec_testkit::{Host, Outcome, Project, require_env};

const CONF: &str = "name: p\nmin-version: 2.0\n";

/// Asks the page what a person would see.
const LOOK: &str = include_str!("look.js");

fn run(host: &Host, project: &Project, arguments: &[&str]) -> Outcome {
    host.run(project, &[&["--option", "recc", "true"], arguments].concat())
}

/// Two builds of an element with recc; the second one after a header has changed. Records it in `file`.
fn build_twice(host: &Host, project: &Project, more: &[&str]) -> String {
    host.configure("scheduler:\n  speculative-actions: True\n");
    let element = format!("r-{}.bst", project.token());
    let build = "config:
  build-commands:
  - sleep 1
  - |
    for name in a b c; do
      printf '#include <dep.h>\\nint %s = DEP_ANSWER;\\n' $name > $name.c
      recc gcc -c $name.c -o $name.o
    done
  install-commands:
  - |
    install -D a.o \"%{install-root}/a.o\"
";
    let text = format!("kind: manual\nbuild-depends:\n{BASE}- dep.bst\n{RECC}{build}");
    project.write(&format!("elements/{element}"), &text);
    for (version, more) in [(1, &[][..]), (2, more)] {
        let header = format!("/* {element} {version} */\n#define DEP_ANSWER 42\n");
        project.write("files/dep/include/dep.h", &header);
        let _ = run(host, project, &[&["build", &element][..], more].concat()).success();
    }
    element
}

/// The path of a file beside the project's.
fn file(project: &Project, name: &str) -> String {
    project.path().join(name).to_string_lossy().into_owned()
}

#[test]
fn a_page_is_as_it_should_be_in_a_browser() {
    let (host, project) = (Host::new(), Project::of(&[("project.conf", CONF)]));
    let [recorded, page] = ["a.recording", "a.html"].map(|name| file(&project, name));
    recording::write(recorded.as_ref());
    let outcome = host.run(&project, &["report", &recorded, "-o", &page]);
    assert_eq!(outcome.success(), format!("{page}\n"));
    check_in_browser(page.as_ref(), 4);
    let page = project.read("a.html");
    assert_eq!((page.matches("<img").count(), page.matches("<script").count()), (0, 0));
}

/// Looks at a page with this number of charts, wide and narrow, light and dark.
fn check_in_browser(page: &Path, charts: u64) {
    let mut browser = Browser::start();
    for (width, scheme) in [(1200, "light"), (1200, "dark"), (400, "light"), (400, "dark")] {
        browser.open(page, width, scheme);
        let seen = browser.evaluate(LOOK);
        assert_eq!(browser.complaints(), Vec::<String>::new(), "{width} {scheme}");
        let at = format!("{width} {scheme}: {seen:#}");
        assert_eq!(
            (&seen["harm"], &seen["scripts"], &seen["images"]),
            (&Value::Bool(false), &0.into(), &0.into()),
            "{at}"
        );
        assert_eq!(seen["scrollsSideways"], false, "{at}");
        assert_eq!(seen["hardToRead"], Value::Array(vec![]), "{at}");
        assert_eq!(seen["tooSmall"], Value::Array(vec![]), "{at}");
        assert_eq!(seen["dark"], scheme == "dark", "{at}");
        let shown = seen["charts"].as_array().expect("it looks at charts");
        assert_eq!(shown.len() as u64, charts, "{at}");
        assert!(shown.iter().all(|chart| chart["marks"].as_u64() > Some(0) && chart["label"] != ""), "{at}");
        assert_eq!(seen["headings"], "H1 H2 H2 H2 H2 H2", "{at}");
    }
}

#[test]
fn a_build_of_recc_is_reported_with_what_was_primed() {
    let (host, project) = (Host::shared(), Project::on_base(&[]));
    let [recorded, page, trace, again] =
        ["b.recording", "b.html", "b.json", "again.json"].map(|name| file(&project, name));
    build_twice(&host, &project, &["--record", &recorded, "--trace", &trace]);
    let _ = host.run(&project, &["report", &recorded, "--output", &page]).success();
    let text = project.read("b.html");
    for part in [">used<", "Primed actions, from submitting them to their end", "16 workers", "built-in"] {
        assert!(text.contains(part), "{part}");
    }
    check_in_browser(page.as_ref(), 6);

    let trace: Value = serde_json::from_str(&project.read("b.json")).expect("it is JSON");
    let events = trace["traceEvents"].as_array().expect("it has events");
    assert_eq!(arrows(events), 3, "from each primed action to its use");
    let _ = host.run(&project, &["report", &recorded, "--trace", &again]).success();
    assert_eq!(project.read("b.json"), project.read("again.json"), "the same recording, the same trace");
    let last = host.run(&project, &["report", "-o", "-"]);
    assert!(last.success().starts_with("<!DOCTYPE html>"), "of the last recording that was kept");
}

/// The number of arrows; each begins and ends within a span of its track.
fn arrows(events: &[Value]) -> usize {
    let number = |event: &Value, field: &str| event[field].as_u64().expect("it is a number");
    let track = |event: &Value| (number(event, "pid"), number(event, "tid"));
    let mut spans = HashMap::<(u64, u64), Vec<(u64, u64)>>::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let start = number(event, "ts");
        spans.entry(track(event)).or_default().push((start, start + number(event, "dur")));
    }
    for spans in spans.values_mut() {
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "they overlap: {spans:?}");
    }
    let is_end = |event: &&Value| event["ph"] == "s" || event["ph"] == "f";
    let ends: Vec<&Value> = events.iter().filter(is_end).collect();
    for end in &ends {
        let at = number(end, "ts");
        assert!(spans[&track(end)].iter().any(|(start, until)| (*start..*until).contains(&at)), "{end}");
    }
    ends.len() / 2
}

/// A span: its name, when it began, and how long it took, in microseconds.
type Span = (String, u64, u64);

/// The spans of a trace by process and name of the track.
type Tracks = BTreeMap<(u64, String), Vec<Span>>;

#[test]
fn chrome_s_reader_of_traces_finds_what_was_written() {
    let (host, project) = (Host::new(), Project::of(&[("project.conf", CONF)]));
    let [recorded, trace] = ["a.recording", "a.json"].map(|name| file(&project, name));
    recording::write(recorded.as_ref());
    let _ = host.run(&project, &["report", &recorded, "--trace", &trace]).success();
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("trace-reader/read.mjs");
    let engine = require_env("SPEC_LANGUAGE_TOOLS").join("trace-reader");
    let mut node = Command::new("node");
    let read = Outcome::of(node.arg(reader).arg(engine).arg(&trace), Duration::from_secs(60));
    let read: Value = serde_json::from_str(read.success()).expect("it is JSON");
    assert_eq!(read["isOfNoBrowser"], true);
    let tracks = read["tracks"].as_array().expect("it has tracks").iter();
    let found: Tracks = tracks.map(track_of_reader).collect();
    let written = tracks_of_trace(&serde_json::from_str(&project.read("a.json")).expect("it is JSON"));
    assert!(written.values().flatten().count() > 4, "{written:?}");
    assert_eq!(found, written);
}

fn track_of_reader(track: &Value) -> ((u64, String), Vec<Span>) {
    let spans = track["spans"].as_array().expect("it has spans").iter();
    let mut spans: Vec<_> = spans.map(|span| self::span(&span[0], &span[1], &span[2])).collect();
    spans.sort_unstable();
    ((track["pid"].as_u64().expect("it is a number"), text(&track["name"])), spans)
}

fn tracks_of_trace(trace: &Value) -> Tracks {
    let events = trace["traceEvents"].as_array().expect("it has events");
    let track = |event: &Value| (event["pid"].as_u64().expect("a number"), event["tid"].clone());
    let names = events.iter().filter(|event| event["name"] == "thread_name");
    let names: Vec<_> = names.map(|event| (track(event), text(&event["args"]["name"]))).collect();
    let mut tracks = Tracks::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let of = track(event);
        let (_, name) = names.iter().find(|(track, _)| *track == of).expect("each track has a name");
        let span = span(&event["name"], &event["ts"], &event["dur"]);
        tracks.entry((of.0, name.clone())).or_default().push(span);
    }
    tracks.values_mut().for_each(|spans| spans.sort_unstable());
    tracks
}

fn span(name: &Value, start: &Value, took: &Value) -> Span {
    let number = |value: &Value| value.as_u64().expect("it is a number");
    (text(name), number(start), number(took))
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is a text").to_owned()
}

#[test]
fn what_is_wrong_is_told() {
    let (host, project) = (Host::new(), Project::of(&[("project.conf", CONF)]));
    let [good, cut, text, there] = ["good", "cut", "text", "there.html"].map(|name| file(&project, name));
    let [missing, nowhere] = ["missing", "no/folder/a.html"].map(|name| file(&project, name));
    recording::write(good.as_ref());
    let bytes = std::fs::read(&good).expect("it was written");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("it can be written");
    project.write("text", "no recording");
    project.write("there.html", "");
    for (arguments, code, reason) in [
        (&["report"][..], 2, "no-recording"),
        (&["report", &missing, "-o", "-"], 1, "recording-unreadable"),
        (&["report", &text, "-o", "-"], 2, "not-a-recording"),
        (&["report", &cut, "-o", "-"], 2, "recording-cut-off"),
        (&["report", &good, "-o", &nowhere], 1, "io-error"),
        (&["report", &good, "-o", &there], 1, "file-exists"),
        (&["report", &good, "-o", "-", "--policy", "priming-eger"], 2, "unknown-policy"),
        (&["report", &good, "--trace", &nowhere], 1, "io-error"),
        (&["build", "--trace", &nowhere], 1, "io-error"),
    ] {
        host.run(&project, arguments).refused(code, reason, &[]);
    }
    let _ = host.run(&project, &["report", &good, "-o", &there, "--force"]).success();
    assert!(project.read("there.html").starts_with("<!DOCTYPE html>"));
}
