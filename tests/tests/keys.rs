//! Keys are BuildStream's: the golden ones of the key projects, and those that the BuildStream on this
//! machine calculates now.

use std::fs;

use spec_testkit::{ElementKeys, Host, Oracle, Project, checkout, golden_keys};

/// The key projects there are.
fn projects() -> Vec<String> {
    let entries = fs::read_dir(checkout().join("tests/projects")).expect("the checkout has projects");
    let names = entries.map(|entry| entry.expect("a folder can be read").file_name().into_string());
    let mut names: Vec<_> = names.map(|name| name.expect("projects have plain names")).collect();
    names.retain(|name| name.starts_with("keys-"));
    assert!(!names.is_empty());
    names.sort();
    names
}

/// Element and strong key, one a line, in the order that `show` has.
fn ours(host: &Host, project: &Project, options: &[String], elements: &[&str]) -> String {
    let mut arguments: Vec<_> = options.iter().flat_map(|option| option.split('=')).collect();
    for at in (0..options.len()).rev() {
        arguments.insert(2 * at, "--option");
    }
    arguments.extend(["show", "--deps", "all", "--format", "%{name} %{full-key}"]);
    arguments.extend(elements);
    host.run(project, &arguments).success().trim_end().to_owned()
}

fn theirs(keys: &[ElementKeys]) -> String {
    let lines: Vec<_> = keys.iter().map(|element| format!("{} {}", element.name, element.strong)).collect();
    lines.join("\n")
}

/// All elements by name, as the golden files were made.
fn sorted(keys: &[ElementKeys]) -> Vec<&str> {
    let mut names: Vec<_> = keys.iter().map(|element| element.name.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn keys_are_the_golden_ones() {
    let host = Host::new();
    for name in projects() {
        let project = Project::named(&name);
        for (options, keys) in golden_keys(&name) {
            assert_eq!(ours(&host, &project, &options, &sorted(&keys)), theirs(&keys), "{name} {options:?}");
        }
    }
}

#[test]
fn keys_are_those_of_the_buildstream_here() {
    let (host, oracle) = (Host::new(), Oracle::new());
    for name in projects() {
        let project = Project::named(&name);
        for (options, keys) in golden_keys(&name) {
            let elements = sorted(&keys);
            let live = oracle.keys(&project, &options, &elements);
            assert_eq!(ours(&host, &project, &options, &elements), theirs(&live), "{name} {options:?}");
        }
    }
}

#[test]
fn keys_of_the_example_are_those_of_the_buildstream_here() {
    let (host, oracle) = (Host::new(), Oracle::new());
    let project = Project::example();
    for options in [vec![], vec!["recc=True".to_owned()]] {
        let live = oracle.keys(&project, &options, &["all.bst"]);
        assert_eq!(ours(&host, &project, &options, &["all.bst"]), theirs(&live), "{options:?}");
    }
}
