//! Output for machines: elements and events as JSON.

use serde_json::Value;
use spec_testkit::{Host, Project};

const FAILS: &str = "kind: manual\nbuild-depends: [debian.bst]\nconfig:\n  build-commands: ['exit 3']\n";
const FINE: &str = "kind: manual\nbuild-depends: [debian.bst]\nconfig:\n  build-commands: ['true']\n";
const ALL: &str = "kind: stack\ndescription: \"Both\\n\\\"of them\\\"\"\ndepends: [fails.bst, fine.bst]\n";

fn project() -> Project {
    Project::on_base(&[
        ("elements/fails.bst", FAILS),
        ("elements/fine.bst", FINE),
        ("elements/both.bst", ALL),
    ])
}

#[test]
fn elements_are_shown_as_json_too() {
    let (host, project) = (Host::shared(), project());
    let json = host.run(&project, &["show", "--json", "both.bst"]);
    let elements: Vec<Value> = serde_json::from_str(json.success()).expect("it is JSON");
    let text = |element: &Value, field: &str| element[field].as_str().unwrap_or("-").to_owned();
    let fields = ["name", "kind", "key", "state"];
    let lines = elements.iter().map(|element| fields.map(|field| text(element, field)).join(" ") + "\n");
    let format = ["show", "--format", "%{name} %{kind} %{full-key} %{state}", "both.bst"];
    assert_eq!(lines.collect::<String>(), host.run(&project, &format).success());
    let both = elements.last().expect("there are elements");
    assert_eq!(both["description"], "Both\n\"of them\"");
}

#[test]
fn events_of_a_session_are_lines_of_json() {
    let (host, project) = (Host::shared(), project());
    let file = project.path().join("events").display().to_string();
    let build = ["--json-events", &file, "--on-error", "continue", "build", "both.bst"];
    host.run(&project, &build).refused(1, "command-failed", &[]);
    let text = project.read("events");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let named = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    assert_eq!(
        (&events[0]["event"], &events[0]["targets"][0]),
        (&"session-start".into(), &"both.bst".into())
    );
    let mut results: Vec<String> = named("job-end")
        .iter()
        .map(|end| format!("{} {} {}", end["task"], end["element"], end["result"]).replace('"', ""))
        .collect();
    results.sort();
    assert_eq!(results, ["build both.bst skipped", "build fails.bst failed", "build fine.bst done"]);
    let failure = named("job-end").into_iter().find(|end| end["result"] == "failed").expect("one fails");
    assert_eq!(
        (&failure["failure"]["reason"], &failure["failure"]["exit-code"]),
        (&"command-failed".into(), &3.into())
    );
    let started: Vec<&Value> = named("job-start").iter().map(|start| &start["job"]).collect();
    assert_eq!(started.len(), 2, "what is skipped is not started");
    let last = events.last().expect("there are events");
    assert_eq!((&last["event"], &last["success"]), (&"session-end".into(), &false.into()));
}
