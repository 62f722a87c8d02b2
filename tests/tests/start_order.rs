//! With one builder, elements are built in BuildStream's order.

use std::fs;

use serde_json::Value;
use spec_testkit::{Host, Oracle, Project};

/// Elements, each with its build dependencies, its others and those of both types, and the targets of builds.
type Graph = (
    &'static str,
    &'static [(&'static str, &'static str, &'static str, &'static str)],
    &'static [&'static str],
);

const GRAPHS: &[Graph] = &[
    (
        "a diamond",
        &[
            ("top", "right left", "", ""),
            ("left", "bottom", "", ""),
            ("right", "bottom", "", ""),
            ("bottom", "", "", ""),
        ],
        &["top"],
    ),
    (
        "many beside each other, and a long chain",
        &[
            ("top", "w1 w2 w3 chain1 w4", "", ""),
            ("w1", "", "", ""),
            ("w2", "", "", ""),
            ("w3", "", "", ""),
            ("w4", "", "", ""),
            ("chain1", "chain2", "", ""),
            ("chain2", "chain3", "", ""),
            ("chain3", "", "", ""),
        ],
        &["top"],
    ),
    (
        "several targets that share elements",
        &[
            ("one", "shared", "own", ""),
            ("two", "", "", "shared deep"),
            ("three", "", "", ""),
            ("shared", "", "below", ""),
            ("own", "", "", ""),
            ("deep", "deeper", "", ""),
            ("deeper", "", "", ""),
            ("below", "", "", ""),
        ],
        &["two", "three", "one"],
    ),
    (
        "dependencies at run time only",
        &[
            ("top", "tool", "data plugin", ""),
            ("tool", "", "libs", ""),
            ("libs", "", "", "base"),
            ("base", "", "", ""),
            ("data", "compiler", "", ""),
            ("plugin", "", "data", ""),
            ("compiler", "", "base", ""),
        ],
        &["top"],
    ),
    (
        "a target that another one needs at run time",
        &[
            ("low", "", "", ""),
            ("middle", "", "low", ""),
            ("high", "middle", "", ""),
            ("beside", "", "", "low"),
        ],
        &["high", "low", "beside", "middle"],
    ),
];

fn names(list: &str) -> Vec<String> {
    list.split_whitespace().map(|name| format!("{name}.bst")).collect()
}

fn project(elements: &[(&str, &str, &str, &str)]) -> Project {
    let project = Project::of(&[("files/file", "contents\n")]);
    for (name, build, runtime, both) in elements {
        let text = format!(
            "kind: import\nbuild-depends: [{}]\nruntime-depends: [{}]\ndepends: [{}]\nsources:\n- kind: local\n  path: files\nconfig:\n  \
             target: /{name}\n",
            names(build).join(", "),
            names(runtime).join(", "),
            names(both).join(", ")
        );
        project.write(&format!("elements/{name}.bst"), &text);
    }
    project
}

/// The elements whose builds BuildStream says that it starts, in order.
fn starts_of_buildstream(log: &str) -> Vec<String> {
    let started = |line: &str| {
        let (_, after) = line.split_once("build:")?;
        let (element, after) = after.split_once(']')?;
        let is_start = after.trim_start().starts_with("START") && after.trim_end().ends_with(".log");
        is_start.then(|| element.trim().to_owned())
    };
    log.lines().filter_map(started).collect()
}

fn our_starts(events: &str) -> Vec<String> {
    let started = |line: &str| {
        let event: Value = serde_json::from_str(line).expect("each line is an object");
        let is_build = event["event"] == "job-start" && event["task"] == "build";
        is_build.then(|| event["element"].as_str().unwrap_or_default().to_owned())
    };
    events.lines().filter_map(started).collect()
}

#[test]
fn one_builder_starts_elements_in_the_order_of_buildstream() {
    for (what, elements, targets) in GRAPHS {
        let (host, oracle, project) = (Host::new(), Oracle::new(), project(elements));
        let targets = names(&targets.join(" "));
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        // What is fetched at the same time has no order.
        let fetch = [&["source", "fetch", "--deps", "all"], &*targets].concat();
        let _ = (host.run(&project, &fetch).success(), oracle.bst(&project, &fetch).success());
        let events = project.path().join("events");
        let file = events.display().to_string();
        let build = [&["--builders", "1", "build"], &*targets].concat();
        let _ = host.run(&project, &[&["--json-events", &file], &*build].concat()).success();
        let theirs = oracle.bst(&project, &build);
        let theirs = starts_of_buildstream(&[theirs.success(), &theirs.stderr].concat());
        let ours = our_starts(&fs::read_to_string(events).expect("the build has written it"));
        assert_eq!(ours.len(), elements.len(), "{what}: {ours:?}");
        assert_eq!(ours, theirs, "{what}");
    }
}
