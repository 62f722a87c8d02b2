//! The metadata files of artifacts are those of BuildStream, byte for byte (golden/metadata.py).

mod support;

use std::collections::HashMap;
use std::path::Path;

use spec_model::Key;
use spec_project::metadata::{high_diversity, low_diversity, public_data};
use spec_project::{LoadOptions, Project, UnresolvedProject};

#[test]
fn every_file_is_that_of_the_golden_text() {
    let mut projects: HashMap<String, Project> = HashMap::new();
    let golden = include_str!("golden/metadata.txt");
    for line in golden.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let project = projects.entry(fields[0].to_owned()).or_insert_with(|| key_project(fields[0]));
        let element = &project.elements[project.index(fields[1]).expect("the element is loaded")];
        let texts = [public_data(element), low_diversity(element, &[]), high_diversity(element)];
        for (text, digest) in texts.iter().zip(&fields[2..]) {
            assert_eq!(Key::of(text.as_bytes()).to_string(), *digest, "{} {}\n{text}", fields[0], fields[1]);
        }
    }
    assert!(golden.lines().count() > 60);
}

#[test]
fn digests_of_trees_stand_last_in_the_environment() {
    let project = key_project("keys-scalars");
    let digests = [("TREE".to_owned(), "abc/1".to_owned())];
    let text = low_diversity(&project.elements[0], &digests);
    assert!(text.contains("\n  TREE: abc/1\nsandbox-config:\n"), "{text}");
}

fn key_project(name: &str) -> Project {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/projects").join(name);
    let options = LoadOptions { directory, max_jobs: Some(2), ..LoadOptions::default() };
    UnresolvedProject::read(&options, &support::sources::LocalJunctions)
        .and_then(|project| project.resolve(&support::Kinds))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}
