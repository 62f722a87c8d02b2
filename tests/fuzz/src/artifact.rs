//! Records of artifacts.

use spec_artifact::decode_record;
use spec_artifact::fuzzing::encode;
use spec_model::{Digest, Key};
use spec_proto::buildstream::v2::artifact::{Dependency, LogFile, SandboxState};
use spec_proto::{Message, buildstream::v2 as proto, reapi};

/// The input is a record.
pub fn run(data: &[u8]) {
    let Some(artifact) = decode_record(data) else { return };
    let again = decode_record(&encode(&artifact)).expect("it was a record");
    // Error texts of an artifact that succeeded are dropped.
    assert_eq!(again, artifact);
    assert_eq!(again.needs(), artifact.needs());
}

/// A record with every field, one of a failure, and a small one.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let digest = || {
        let digest = Digest::of(b"x");
        Some(reapi::Digest { hash: digest.hex(), size_bytes: 1 })
    };
    let key = || Key::of(b"k").to_string();
    let small = proto::Artifact {
        version: 2,
        build_success: true,
        strong_key: key(),
        strict_key: key(),
        weak_key: key(),
        public_data: digest(),
        low_diversity_meta: digest(),
        high_diversity_meta: digest(),
        ..Default::default()
    };
    let dependency = Dependency {
        project_name: "p".to_owned(),
        element_name: "core/a.bst".to_owned(),
        cache_key: key(),
        was_workspaced: false,
    };
    let sandbox = SandboxState {
        environment: vec![reapi::command::EnvironmentVariable {
            name: "A".to_owned(),
            value: "b".to_owned(),
        }],
        working_directory: "/w".to_owned(),
        subsandbox_digests: vec![digest().expect("it is one")],
        marked_directories: vec!["/m".to_owned()],
    };
    let full = proto::Artifact {
        build_success: false,
        build_error: "e".to_owned(),
        build_error_details: "d".to_owned(),
        files: digest(),
        buildtree: digest(),
        sources: digest(),
        buildroot: digest(),
        build_deps: vec![dependency],
        logs: vec![LogFile { name: "l".to_owned(), digest: digest() }],
        buildsandbox: Some(sandbox),
        speculative_actions: digest(),
        subactions: digest(),
        key_description: digest(),
        misses: digest(),
        ..small.clone()
    };
    [small, full].map(|record| record.encode_to_vec()).into()
}
