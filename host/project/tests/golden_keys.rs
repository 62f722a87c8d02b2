//! The keys of the key projects are those that BuildStream gives them (tests/golden/keys).

mod support;

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use spec_project::{LoadOptions, Project, UnresolvedProject, keys};

/// A section of a golden file: the options and the lines `element strong weak`.
struct Section {
    options: Vec<(String, String)>,
    lines: Vec<String>,
}

#[test]
fn every_key_is_that_of_the_golden_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut checked = 0;
    // The kinds of these projects are components, or their sources those of plugins; the test of the whole program compares
    // their keys.
    let elsewhere = ["keys-kinds.txt", "keys-community.txt", "keys-source-kinds.txt"];
    let kinds_are_here = |golden: &PathBuf| !elsewhere.iter().any(|name| golden.ends_with(name));
    for golden in files(&root.join("golden/keys")).into_iter().filter(kinds_are_here) {
        let project = root.join("projects").join(golden.file_stem().expect("a name"));
        for section in sections(&std::fs::read_to_string(&golden).expect("a golden file")) {
            let found = lines(&project, &section.options);
            for line in &section.lines {
                assert!(
                    found.contains(line),
                    "{} {:?}: no {line} in {found:#?}",
                    project.display(),
                    section.options
                );
            }
            assert_eq!(found.len(), section.lines.len(), "{}", project.display());
            checked += found.len();
        }
    }
    assert!(checked > 100, "only {checked} keys were compared");
}

fn lines(directory: &Path, options: &[(String, String)]) -> Vec<String> {
    let options = LoadOptions {
        directory: directory.to_path_buf(),
        options: options.to_vec(),
        ..LoadOptions::default()
    };
    let project = UnresolvedProject::read(&options, &support::sources::LocalJunctions)
        .and_then(|project| project.resolve(&support::Kinds))
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let keys = keys::compute_keys(&project, &|element| {
        Ok::<_, Infallible>(support::sources::key_text(&project, element))
    });
    let Ok(keys) = keys;
    let line = |(index, pair): (usize, &Option<spec_model::KeyPair>)| {
        let pair = pair.unwrap_or_else(|| panic!("{}: a source has no ref", name(&project, index)));
        format!("{} {} {}", name(&project, index), pair.strict, pair.weak)
    };
    keys.iter().enumerate().map(line).collect()
}

fn name(project: &Project, index: usize) -> String {
    project.elements[index].name.to_string()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(options) = line.strip_prefix("options:") {
            let option =
                |text: &str| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
            let options = options.split_whitespace().filter_map(option).collect();
            sections.push(Section { options, lines: Vec::new() });
        } else if let Some(section) = sections.last_mut() {
            let (line, _tree) = line.rsplit_once(' ').expect("a line has four fields");
            section.lines.push(line.to_owned());
        }
    }
    sections
}
