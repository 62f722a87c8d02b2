//! Both conversions against messages that BuildStream encoded: `proto/golden/messages.txt`.

use spec_proto::Message;

use super::*;
use crate::to_proto;

const GOLDEN: &str = include_str!("../../../../proto/golden/messages.txt");

fn golden(name: &str) -> Vec<u8> {
    let mut lines = GOLDEN.lines().filter_map(|line| line.split_once(' '));
    let (_, hex) = lines.find(|(first, _)| *first == name).expect("the golden file has the message");
    let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).expect("hexadecimal") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn message(name: &str) -> proto::Artifact {
    proto::Artifact::decode(golden(name).as_slice()).expect("BuildStream's bytes decode")
}

#[test]
fn records_are_read_and_written_as_buildstream_does() {
    for name in ["plain", "full", "failed"] {
        let read = artifact(message(name)).expect("a whole record");
        assert_eq!(to_proto::artifact(&read).encode_to_vec(), golden(name), "{name}");
    }
}

#[test]
fn every_field_finds_its_place() {
    let full = artifact(message("full")).expect("a whole record");
    let digest = |text: &str| Digest::of(text.as_bytes());
    let key = |text: &str| Key::of(text.as_bytes());
    assert_eq!(full.keys, ArtifactKeys { strong: key("strong"), strict: key("strict"), weak: key("weak") });
    assert_eq!(full.outcome, Outcome::Succeeded);
    let trees = [full.trees.files, full.trees.buildtree, full.trees.sources, full.trees.buildroot];
    assert_eq!(trees, ["files", "buildtree", "sources", "buildroot"].map(|text| Some(digest(text))));
    let metadata = [full.public_data, full.low_diversity_meta, full.high_diversity_meta];
    assert_eq!(metadata, ["public", "low", "high"].map(digest));
    assert_eq!(full.logs, [Log { name: "build.log".to_owned(), digest: digest("log") }]);
    let dep = &full.build_deps[1];
    assert_eq!((dep.project.as_str(), dep.element.path(), dep.key), ("app", "core/dep.bst", key("dep")));
    assert!(dep.was_workspaced && full.was_workspaced);
    let sandbox = full.sandbox.expect("its sandbox was kept");
    assert_eq!(sandbox.environment[0], ("LC_ALL".to_owned(), "C".to_owned()));
    assert_eq!(sandbox.working_directory, "/buildstream/app/app.bst");
    assert_eq!(sandbox.subsandboxes, [digest("subsandbox")]);
    assert_eq!(sandbox.marked_directories, ["/buildstream-install"]);
}

#[test]
fn a_failure_keeps_its_words() {
    let failed = artifact(message("failed")).expect("a whole record");
    let details = "make: *** [all] Error 2 ✓\n".to_owned();
    assert_eq!(failed.outcome, Outcome::Failed { error: "Command failed".to_owned(), details });
    assert_eq!(failed.trees, ArtifactTrees::default());
}

#[test]
fn speculative_actions_come_back() {
    let mut record = artifact(message("plain")).expect("a whole record");
    record.speculative_actions = Some(Digest::of(b"actions"));
    record.subactions = Some(Digest::of(b"subactions"));
    record.misses = Some(Digest::of(b"misses"));
    record.key_description = Some(Digest::of(b"{}"));
    let again = artifact(to_proto::artifact(&record)).expect("our own record");
    assert_eq!(again, record);
}

#[test]
fn a_digest_without_contents_is_none() {
    let mut odd = message("plain");
    odd.files = Some(reapi::Digest::default());
    assert_eq!(artifact(odd).expect("files may be missing").trees.files, None);
}

#[test]
fn what_a_record_must_hold_is_checked() {
    let wrong = || Some(reapi::Digest { hash: "abc".to_owned(), size_bytes: 1 });
    type Spoil = fn(&mut proto::Artifact);
    let cases: [(&str, Spoil); 5] = [
        ("strong_key", |message| message.strong_key.clear()),
        ("strict_key", |message| message.strict_key.push('0')),
        ("public_data", |message| message.public_data = None),
        ("logs.digest", |message| message.logs[0].digest = None),
        ("build_deps.element_name", |message| message.build_deps[0].element_name = "../x".to_owned()),
    ];
    for (field, spoil) in cases {
        let mut message = message("full");
        spoil(&mut message);
        assert_eq!(artifact(message).expect_err(field).field, field);
    }
    let mut message = message("full");
    message.buildtree = wrong();
    assert_eq!(
        artifact(message).expect_err("no digest").to_string(),
        "the field buildtree is wrong: 'abc/1' is not a digest"
    );
}
