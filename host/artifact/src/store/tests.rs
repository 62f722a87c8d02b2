//! Artifacts stored, looked up, damaged and removed.

use std::fs;
use std::path::{Path, PathBuf};

use spec_cas::TreeBuilder;
use spec_model::{Digest, DomainSelection, UserError};
use tempfile::TempDir;

use super::*;
use crate::artifact::{ArtifactKeys, ArtifactTrees, Outcome};
use crate::contents::ContentKind;
use crate::split::SplitRules;

struct Fixture {
    artifacts: Artifacts,
    cas: Cas,
    folder: TempDir,
}

fn fixture() -> Fixture {
    Fixture::open(tempfile::tempdir().expect("a temporary folder"))
}

fn element() -> ElementName {
    "core/app.bst".parse().expect("an element name")
}

fn key(text: &str) -> Key {
    Key::of(text.as_bytes())
}

impl Fixture {
    /// Opens the store in a folder, as a new process would.
    fn open(folder: TempDir) -> Self {
        let cas = Cas::open(folder.path().join("cas")).expect("a store");
        Self { artifacts: Artifacts::new(cas.clone()), cas, folder }
    }

    fn files(&self) -> Digest {
        let put = |text: &str| self.cas.put_bytes(text.as_bytes()).expect("stored");
        let mut tree = TreeBuilder::new();
        tree.add_file("usr/bin/app", put("program"), true).expect("a path");
        tree.add_file("readme", put("text"), false).expect("a path");
        tree.add_symlink("usr/app", "bin/app").expect("a path");
        tree.store(&self.cas).expect("stored")
    }

    fn draft(&self) -> ArtifactDraft {
        let log = self.folder.path().join("build.log");
        fs::write(&log, "a log").expect("written");
        ArtifactDraft {
            keys: ArtifactKeys { strong: key("strong"), strict: key("strict"), weak: key("weak") },
            outcome: Outcome::Succeeded,
            was_workspaced: false,
            trees: ArtifactTrees { files: Some(self.files()), ..ArtifactTrees::default() },
            sandbox: None,
            build_deps: Vec::new(),
            public_data: b"bst: {}\n".to_vec(),
            low_diversity_meta: b"environment: {}\n".to_vec(),
            high_diversity_meta: b"variables: {}\n".to_vec(),
            logs: vec![LogDraft { name: "build.log".to_owned(), file: log }],
            speculative_actions: None,
            subactions: None,
            misses: None,
            key_description: Some("{}".to_owned()),
        }
    }

    fn stored(&self) -> Artifact {
        self.artifacts.store("hello", &element(), self.draft()).expect("stored")
    }

    fn found(&self, key: &Key) -> Option<Artifact> {
        self.artifacts.lookup("hello", &element(), key).expect("looked up")
    }

    /// Writes a record without the store.
    fn put(&self, bytes: &[u8]) -> ArtifactName {
        let name = ArtifactName::new("hello", &element(), key("strong"));
        self.cas.refs("artifacts").put(&[&name.to_string()], bytes).expect("written");
        name
    }
}

#[test]
fn an_artifact_is_found_under_both_keys() {
    let fixture = fixture();
    assert_eq!(fixture.found(&key("strong")), None);
    let stored = fixture.stored();
    assert_eq!(fixture.found(&key("strong")).as_ref(), Some(&stored));
    assert_eq!(fixture.found(&key("weak")), Some(stored));
    assert_eq!(fixture.found(&key("strict")), None);
}

#[test]
fn the_latest_of_an_element_is_found_under_any_key() {
    let fixture = fixture();
    let store = |name: &str, record: Option<&str>| {
        let keys = ArtifactKeys { strong: key(name), strict: key(name), weak: key(&format!("weak {name}")) };
        let speculative_actions = record.map(|record| Digest::of(record.as_bytes()));
        let draft = ArtifactDraft { keys, speculative_actions, ..fixture.draft() };
        fixture.artifacts.store("hello", &element(), draft).expect("stored");
        // Records stored at the same moment have no order.
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let latest = || {
        let name = ArtifactName::new("hello", &element(), key("new"));
        let found = fixture.artifacts.latest(&name, |artifact| artifact.speculative_actions.is_some());
        found.expect("looked up")?.speculative_actions
    };
    assert_eq!(latest(), None);
    for (name, record, expected) in [("1", Some("old"), "old"), ("2", Some("new"), "new"), ("3", None, "new")]
    {
        store(name, record);
        assert_eq!(latest(), Some(Digest::of(expected.as_bytes())), "{name}");
    }
    // Records that are skipped keep their old time of use.
    let names = fixture.artifacts.list("hello/*/*").expect("listed");
    let file =
        |name: &ArtifactName| fs::File::open(fixture.cas.root().join(format!("refs/artifacts/{name}")));
    let hour = std::time::Duration::from_secs(3600);
    for file in names.iter().map(|name| file(name).expect("it was put")) {
        let then = file.metadata().and_then(|data| data.modified()).expect("it has one") - hour;
        file.set_times(fs::FileTimes::new().set_accessed(then).set_modified(then)).expect("it is ours");
    }
    assert_eq!(latest(), Some(Digest::of(b"new")));
    let used = |name: &&ArtifactName| {
        let used = file(name).and_then(|file| file.metadata()?.accessed()).expect("it was put");
        used.elapsed().is_ok_and(|since| since < hour)
    };
    assert_eq!(names.iter().filter(used).count(), 1);
}

#[test]
fn a_failure_without_files_is_an_artifact() {
    let fixture = fixture();
    let outcome = Outcome::Failed { error: "make failed".to_owned(), details: String::new() };
    let draft = ArtifactDraft { outcome, trees: ArtifactTrees::default(), ..fixture.draft() };
    let stored = fixture.artifacts.store("hello", &element(), draft).expect("stored");
    assert!(!stored.succeeded());
    assert_eq!(fixture.found(&key("strong")), Some(stored));
}

#[test]
fn whatever_is_missing_makes_it_uncached() {
    let parts: [fn(&Artifact, &Fixture) -> Digest; 6] = [
        |artifact, _| artifact.public_data,
        |artifact, _| artifact.low_diversity_meta,
        |artifact, _| artifact.high_diversity_meta,
        |artifact, _| artifact.logs[0].digest,
        |artifact, _| artifact.trees.files.expect("it has files"),
        |_, _| Digest::of(b"program"),
    ];
    for part in parts {
        let fixture = fixture();
        let stored = fixture.stored();
        assert!(fixture.found(&key("strong")).is_some());
        fixture.cas.quarantine(&part(&stored, &fixture)).expect("taken out");
        let later = Fixture::open(fixture.folder);
        assert_eq!(later.found(&key("strong")), None);
        assert_eq!(later.found(&key("weak")), None);
    }
}

#[test]
fn trees_kept_on_request_may_be_missing() {
    let fixture = fixture();
    let mut draft = fixture.draft();
    let absent = Some(Digest::of(b"a tree that is not here"));
    draft.trees = ArtifactTrees { buildtree: absent, sources: absent, buildroot: absent, ..draft.trees };
    fixture.artifacts.store("hello", &element(), draft).expect("stored");
    assert!(fixture.found(&key("strong")).is_some());
}

#[test]
fn half_an_artifact_is_not_stored() {
    let fixture = fixture();
    let draft = fixture.draft();
    fixture.cas.quarantine(&Digest::of(b"program")).expect("taken out");
    let error = fixture.artifacts.store("hello", &element(), draft).expect_err("a file is missing");
    assert_eq!(error.reason(), "artifact-incomplete");

    let mut draft = fixture.draft();
    draft.logs[0].file = PathBuf::from("/nonexistent/log");
    let error = fixture.artifacts.store("hello", &element(), draft).expect_err("the log is missing");
    assert_eq!(error.reason(), "cas-io");
    assert_eq!(fixture.artifacts.list("**").expect("listed"), []);
}

#[test]
fn a_damaged_record_counts_as_none_and_is_told_once() {
    for (bytes, why) in [
        (&b"no message"[..], "invalid wire type"),
        (b"\x10\x01", "has no version"),
        (b"\x08\x02", "the field strong_key is wrong"),
    ] {
        let fixture = fixture();
        let (send, told) = std::sync::mpsc::channel();
        fixture.cas.on_damaged_file(move |path, why| {
            let _ = send.send(format!("{}: {why}", path.display()));
        });
        fixture.put(bytes);
        for _ in 0..2 {
            assert_eq!(fixture.found(&key("strong")), None);
        }
        let told: Vec<_> = told.try_iter().collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(why), "{told:?}");
        assert!(told[0].starts_with(&fixture.cas.root().display().to_string()), "{told:?}");
        let stored = fixture.stored();
        assert_eq!(fixture.found(&key("strong")), Some(stored));
    }
}

#[test]
fn versions_before_and_after_ours() {
    let fixture = fixture();
    fixture.put(b"\x08\x01");
    assert_eq!(fixture.found(&key("strong")), None);
    fixture.put(b"\x08\x03\xc2\x0c\x01x");
    let error = fixture.artifacts.lookup("hello", &element(), &key("strong")).expect_err("it is newer");
    assert_eq!(error.reason(), "artifact-newer-format");
}

#[test]
fn removing_one_name_leaves_the_other() {
    let fixture = fixture();
    fixture.stored();
    let strong = ArtifactName::new("hello", &element(), key("strong"));
    assert!(fixture.artifacts.remove(&strong).expect("removed"));
    assert!(!fixture.artifacts.remove(&strong).expect("gone already"));
    assert!(fixture.found(&key("strong")).is_none() && fixture.found(&key("weak")).is_some());
}

#[test]
fn names_are_listed_by_pattern() {
    let fixture = fixture();
    fixture.stored();
    fixture.cas.refs("artifacts").put(&["hello/core-app/not-a-key"], b"x").expect("written");
    let (strong, weak) = (key("strong"), key("weak"));
    let both = |glob: &str| fixture.artifacts.list(glob).expect(glob).len();
    for (glob, count) in [("**", 2), ("hello/core-*/*", 2), ("hello/*", 0), ("other/**", 0), ("*/*/*", 2)] {
        assert_eq!(both(glob), count, "{glob}");
    }
    assert_eq!(both(&format!("hello/core-app/{strong}")), 1);
    let listed = fixture.artifacts.list("hello/**").expect("listed");
    assert!(listed.iter().any(|name| name.key() == weak));
    assert_eq!(fixture.artifacts.list("[b-a]").expect_err("no pattern").reason(), "invalid-glob");
}

#[test]
fn contents_are_listed_in_buildstreams_order() {
    let fixture = fixture();
    let stored = fixture.stored();
    let everything = SplitRules::default().filter(&DomainSelection::default());
    let entries = fixture.artifacts.list_contents(&stored, &everything).expect("listed");
    let rows: Vec<_> =
        entries.iter().map(|entry| (entry.path.as_str(), entry.mode(), entry.size())).collect();
    assert_eq!(
        rows,
        [
            ("readme", 0o644, 4),
            ("usr", 0o755, 0),
            ("usr/app", 0o777, 7),
            ("usr/bin", 0o755, 0),
            ("usr/bin/app", 0o755, 7)
        ]
    );
    assert_eq!(entries[2].kind, ContentKind::Symlink { target: "bin/app".to_owned() });
    let nothing =
        SplitRules::default().filter(&DomainSelection { orphans: false, ..DomainSelection::default() });
    assert_eq!(fixture.artifacts.list_contents(&stored, &nothing).expect("listed"), []);
}

const STORE: &str = "SPEC_ARTIFACT_TEST_STORE";
const ROUNDS: usize = 40;

/// The body of the processes in [`two_processes_store_the_same_key`]; does nothing by itself.
#[test]
fn a_process_that_stores() {
    let Ok(root) = std::env::var(STORE) else { return };
    let cas = Cas::open(Path::new(&root)).expect("a store");
    let fixture = Fixture {
        artifacts: Artifacts::new(cas.clone()),
        cas,
        folder: tempfile::tempdir().expect("a folder"),
    };
    for _ in 0..ROUNDS {
        fixture.stored();
    }
}

#[test]
fn two_processes_store_the_same_key() {
    let fixture = fixture();
    let program = std::env::current_exe().expect("this test's program");
    let start = || {
        let mut command = std::process::Command::new(&program);
        command.args(["--exact", "store::tests::a_process_that_stores"]).env(STORE, fixture.cas.root());
        command.stdout(std::process::Stdio::null()).spawn().expect("started")
    };
    let mut children = [start(), start()];
    while children.iter_mut().any(|child| child.try_wait().expect("waited").is_none()) {
        if fixture.found(&key("strong")).is_some() {
            assert!(
                fixture.found(&key("weak")).is_some(),
                "whoever finds the strong name finds the weak one"
            );
        }
    }
    for child in &mut children {
        assert!(child.wait().expect("waited").success());
    }
    assert_eq!(fixture.found(&key("strong")), Some(fixture.stored()));
    assert_eq!(fixture.artifacts.list("**").expect("listed").len(), 2);
}
