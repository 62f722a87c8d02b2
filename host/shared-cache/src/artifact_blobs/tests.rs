use spec_artifact::{ArtifactKeys, ArtifactTrees, Outcome};
use spec_cas::TreeBuilder;
use spec_model::Key;

use super::*;

struct Store {
    _folder: tempfile::TempDir,
    cas: Cas,
}

impl Store {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path().join("cas")).expect("a new store");
        Self { _folder: folder, cas }
    }

    fn blob(&self, text: &str) -> Digest {
        self.cas.put_bytes(text.as_bytes()).expect("it is stored")
    }

    fn tree(&self, file: &str) -> Digest {
        let mut tree = TreeBuilder::new();
        tree.add_file(&format!("folder/{file}"), self.blob(file), false).expect("a path");
        tree.store(&self.cas).expect("it is stored")
    }

    fn artifact(&self) -> Artifact {
        let key = |text: &str| Key::of(text.as_bytes());
        Artifact {
            keys: ArtifactKeys { strong: key("strong"), strict: key("strict"), weak: key("weak") },
            outcome: Outcome::Succeeded,
            was_workspaced: false,
            trees: ArtifactTrees {
                files: Some(self.tree("file")),
                buildtree: Some(Digest::of(b"a tree that is not here")),
                sources: Some(self.tree("source")),
                ..ArtifactTrees::default()
            },
            sandbox: None,
            build_deps: Vec::new(),
            public_data: self.blob("public"),
            low_diversity_meta: self.blob("low"),
            high_diversity_meta: self.blob("high"),
            logs: Vec::new(),
            speculative_actions: Some(self.blob("record")),
            subactions: None,
            key_description: Some(Digest::of(b"a text that is not here")),
            misses: None,
        }
    }
}

#[test]
fn what_is_here_is_sent_and_what_buildstream_names_is_named() -> Result<(), CasError> {
    let store = Store::new();
    let (artifact, record) = (store.artifact(), store.blob("the record"));
    let inputs = store.tree("input");
    let needs =
        [Need::Directories(inputs), Need::Blob(store.blob("action")), Need::Blob(Digest::of(b"gone"))];
    let sent = of_artifact(&store.cas, &artifact, record, &needs)?;
    for text in ["file", "source", "public", "low", "high", "record", "action", "the record"] {
        assert!(sent.blobs.contains(&Digest::of(text.as_bytes())), "{text}");
    }
    for text in ["input", "gone", "a text that is not here", "a tree that is not here"] {
        assert!(!sent.blobs.contains(&Digest::of(text.as_bytes())), "{text}");
    }
    assert!(sent.blobs.contains(&inputs), "directories of inputs go without their files");
    let distinct: HashSet<_> = sent.blobs.iter().collect();
    assert_eq!(distinct.len(), sent.blobs.len());
    let trees = artifact.trees;
    let named = [trees.files, trees.buildtree, trees.sources].map(|tree| tree.expect("it has all three"));
    assert_eq!(sent.references.directories, named);
    assert_eq!(sent.references.blobs[..3], artifact.required_blobs()[..3]);
    assert!(!sent.references.blobs.contains(&record));
    Ok(())
}

#[test]
fn files_that_are_not_here_are_an_error() {
    let store = Store::new();
    let mut artifact = store.artifact();
    artifact.trees.files = Some(Digest::of(b"gone"));
    let sent = of_artifact(&store.cas, &artifact, store.blob("the record"), &[]);
    assert!(matches!(sent, Err(CasError::Missing { .. })), "{sent:?}");
}
