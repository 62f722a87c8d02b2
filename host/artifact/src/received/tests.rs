use spec_model::{Digest, ElementName, Key};

use super::*;
use crate::artifact::{ArtifactKeys, ArtifactTrees, Outcome};

fn artifact() -> Artifact {
    let digest = |text: &str| Digest::of(text.as_bytes());
    let key = |text: &str| Key::of(text.as_bytes());
    Artifact {
        keys: ArtifactKeys { strong: key("strong"), strict: key("strict"), weak: key("weak") },
        outcome: Outcome::Succeeded,
        was_workspaced: false,
        trees: ArtifactTrees { files: Some(digest("files")), ..ArtifactTrees::default() },
        sandbox: None,
        build_deps: Vec::new(),
        public_data: digest("public"),
        low_diversity_meta: digest("low"),
        high_diversity_meta: digest("high"),
        logs: Vec::new(),
        speculative_actions: None,
        subactions: None,
        key_description: Some(digest("strong")),
        misses: None,
    }
}

fn name(key: &str) -> ArtifactName {
    let element = ElementName::local("app.bst").expect("a name");
    ArtifactName::new("pony", &element, Key::of(key.as_bytes()))
}

fn bytes(artifact: &Artifact) -> Vec<u8> {
    to_proto::artifact(artifact).encode_to_vec()
}

#[test]
fn either_key_names_it_and_its_bytes_stay() {
    // A field of a later version.
    let sent = [bytes(&artifact()), vec![0x92, 0x3f, 0x01, b'x']].concat();
    for key in ["strong", "weak"] {
        let record = ReceivedRecord::check(&name(key), sent.clone()).expect("it is the record");
        assert_eq!((record.artifact(), record.bytes()), (&artifact(), sent.as_slice()));
        assert_eq!(record.names(), [name("weak").to_string(), name("strong").to_string()]);
    }
}

#[test]
fn others_are_refused() {
    let described = Artifact { key_description: Some(Digest::of(b"other")), ..artifact() };
    let mut later = to_proto::artifact(&artifact());
    later.version = 3;
    for (key, sent, expect) in [
        ("other", bytes(&artifact()), "its keys are"),
        ("strict", bytes(&artifact()), "its keys are"),
        ("strong", bytes(&described), "not the hash of its description"),
        ("strong", later.encode_to_vec(), "it has format 3, expected 2"),
        ("strong", Vec::new(), "it has format 0"),
        ("strong", b"rubbish".to_vec(), "it is not the record of pony/app/"),
    ] {
        let error = ReceivedRecord::check(&name(key), sent).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}");
    }
}
