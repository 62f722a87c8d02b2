//! Our encoding against BuildStream's own: `golden/messages.txt`, made by `golden/make.py`.

use crate::buildstream::v2::speculative_actions::overlay::OverlayType;
use crate::buildstream::v2::speculative_actions::{Overlay, SpeculativeAction};
use crate::buildstream::v2::{Artifact, Source, SpeculativeActions};
use crate::{Message, reapi};

const GOLDEN: &str = include_str!("../golden/messages.txt");

fn golden(name: &str) -> Vec<u8> {
    let mut lines = GOLDEN.lines().filter_map(|line| line.split_once(' '));
    let (_, hex) = lines.find(|(first, _)| *first == name).expect("the golden file has the message");
    let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).expect("hexadecimal") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn round_trip<M: Message + Default>(name: &str) -> M {
    let bytes = golden(name);
    let message = M::decode(bytes.as_slice()).expect("BuildStream's bytes decode");
    assert_eq!(message.encode_to_vec(), bytes, "{name}");
    message
}

fn digest(fill: char, size: i64) -> reapi::Digest {
    reapi::Digest { hash: fill.to_string(), size_bytes: size }
}

#[test]
fn artifacts_encode_as_buildstream_encodes_them() {
    for name in ["empty", "plain", "full", "failed"] {
        round_trip::<Artifact>(name);
    }
}

#[test]
fn fields_have_buildstreams_meaning() {
    let full: Artifact = round_trip("full");
    assert_eq!((full.version, full.build_success, full.was_workspaced), (2, true, true));
    assert_eq!(full.build_deps[1].element_name, "core/dep.bst");
    assert!(full.build_deps[1].was_workspaced && !full.build_deps[0].was_workspaced);
    assert_eq!(full.logs[0].name, "build.log");
    let sizes = [&full.files, &full.buildtree, &full.sources, &full.buildroot]
        .map(|digest| digest.as_ref().map(|digest| digest.size_bytes));
    assert_eq!(sizes, ["files", "buildtree", "sources", "buildroot"].map(|text| Some(text.len() as i64)));
    let sandbox = full.buildsandbox.expect("it had a sandbox");
    assert_eq!(sandbox.environment[1].value, "/usr/bin:/bin");
    assert_eq!(sandbox.marked_directories, ["/buildstream-install"]);

    let failed: Artifact = round_trip("failed");
    assert_eq!(failed.build_error_details, "make: *** [all] Error 2 ✓\n");
    assert!(failed.files.is_none());
    assert_eq!(failed.buildsandbox, Some(Default::default()));
}

#[test]
fn sources_encode_as_buildstream_encodes_them() {
    assert_eq!(round_trip::<Source>("source").version, 1);
}

#[test]
fn the_speculative_actions_of_an_artifact_are_field_19() {
    let mut artifact: Artifact = round_trip("plain");
    artifact.speculative_actions = Some(digest('d', 7));
    let expect = [golden("plain"), [&[0x9a, 0x01, 5][..], b"\x0a\x01d\x10\x07"].concat()].concat();
    assert_eq!(artifact.encode_to_vec(), expect);
    assert_eq!(Artifact::decode(expect.as_slice()), Ok(artifact));
}

#[test]
fn the_record_of_a_build_is_field_99_of_its_artifact() {
    let mut artifact: Artifact = round_trip("plain");
    artifact.subactions = Some(digest('d', 7));
    let expect = [golden("plain"), [&[0x9a, 0x06, 5][..], b"\x0a\x01d\x10\x07"].concat()].concat();
    assert_eq!(artifact.encode_to_vec(), expect);
}

#[test]
fn speculative_actions_have_the_known_numbers() {
    let overlay = |origin: OverlayType, element: &str| Overlay {
        r#type: origin.into(),
        source_element: element.to_owned(),
        source_action_digest: (origin == OverlayType::Action).then(|| digest('a', 2)),
        source_path: "p".to_owned(),
        target_digest: Some(digest('t', 3)),
    };
    let record = SpeculativeActions {
        actions: vec![SpeculativeAction {
            base_action_digest: Some(digest('b', 1)),
            overlays: vec![overlay(OverlayType::Source, ""), overlay(OverlayType::Action, "e")],
        }],
        artifact_overlays: vec![overlay(OverlayType::Artifact, "f")],
        compact: None,
    };
    let source = b"\x22\x01p\x2a\x05\x0a\x01t\x10\x03";
    let action = b"\x08\x02\x12\x01e\x1a\x05\x0a\x01a\x10\x02\x22\x01p\x2a\x05\x0a\x01t\x10\x03";
    let artifact = b"\x08\x01\x12\x01f\x22\x01p\x2a\x05\x0a\x01t\x10\x03";
    let expect = [
        &[0x0a, 43][..],
        b"\x0a\x05\x0a\x01b\x10\x01",
        &[0x12, 10],
        source,
        &[0x12, 22],
        action,
        &[0x12, 15],
        artifact,
    ]
    .concat();
    assert_eq!(record.encode_to_vec(), expect);
    assert_eq!(SpeculativeActions::decode(expect.as_slice()), Ok(record));
}

#[test]
fn fields_of_a_newer_version_are_passed_over() {
    let newer = [golden("plain"), vec![0xc2, 0x0c, 2, 1, 2]].concat();
    assert_eq!(Artifact::decode(newer.as_slice()), Ok(round_trip("plain")));
}
