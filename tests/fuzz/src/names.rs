//! Names of elements and artifacts, keys, digests.

use spec_artifact::ArtifactName;
use spec_model::{Digest, ElementName, Key};

/// The input is a name.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(name) = text.parse::<ElementName>() {
        assert_eq!(name.to_string(), text);
        assert!(!name.path().split('/').any(|part| matches!(part, "" | "." | "..")), "{text:?}");
        assert!(!name.normal().contains('/'), "{text:?}");
        let artifact = ArtifactName::new("project", &name, Key::of(data));
        let again = artifact.to_string().parse::<ArtifactName>();
        assert_eq!(again.ok().as_ref(), Some(&artifact), "the artifact of {text:?} has no name");
    }
    if let Ok(name) = text.parse::<ArtifactName>() {
        assert_eq!(name.to_string(), text);
    }
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }
    if let Ok(key) = text.parse::<Key>() {
        assert_eq!(key.to_string(), text);
    }
}

/// Names of every kind.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let key = Key::of(b"k").to_string();
    vec![
        b"core/app.bst".to_vec(),
        b"sdk.bst:core/gtk+ 3.bst".to_vec(),
        format!("project/core-app/{key}").into_bytes(),
        Digest::of(b"x").to_string().into_bytes(),
        key.into_bytes(),
    ]
}
