#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties};

use crate::{BlobSource, Cas, CasError, Result};

/// Has what it was given, and counts how often it is asked.
#[derive(Debug, Default)]
struct Elsewhere {
    store: OnceLock<Cas>,
    blobs: Mutex<HashMap<Digest, Vec<u8>>>,
    calls: AtomicUsize,
    /// It says that it has them, and has not.
    lost: Mutex<Vec<Digest>>,
}

impl Elsewhere {
    fn of(store: &Cas) -> Arc<Self> {
        Arc::new(Self { store: OnceLock::from(store.clone()), ..Self::default() })
    }

    fn add(&self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.blobs.lock().unwrap().insert(digest, bytes.to_vec());
        digest
    }
}

impl BlobSource for Elsewhere {
    fn has(&self, digest: &Digest) -> bool {
        self.blobs.lock().unwrap().contains_key(digest) || self.lost.lock().unwrap().contains(digest)
    }

    fn bring(&self, digests: &[Digest]) -> Result<()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let blobs = self.blobs.lock().unwrap();
        let found: Vec<_> = digests.iter().filter_map(|digest| blobs.get(digest)).collect();
        let store = self.store.get().unwrap();
        found.into_iter().try_for_each(|bytes| store.put_bytes(bytes).map(drop))
    }
}

fn file(name: &str, digest: Digest) -> FileNode {
    FileNode { name: name.to_owned(), digest, executable: false, properties: NodeProperties::default() }
}

#[test]
fn what_is_elsewhere_is_not_missing_and_comes_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Cas::open(folder.path()).unwrap();
    let elsewhere = Elsewhere::of(&store);
    let cas = store.clone().with_blob_source(elsewhere.clone());
    let (there, nowhere) = (elsewhere.add(b"there"), Digest::of(b"nowhere"));
    assert_eq!(cas.missing(&[there, nowhere]).unwrap(), [nowhere]);
    assert!(!store.contains(&there).unwrap(), "only this handle has it");
    assert_eq!(cas.get(&there).unwrap(), b"there");
    assert!(store.contains(&there).unwrap(), "now it is here");
    cas.get(&there).unwrap();
    assert_eq!(elsewhere.calls.load(Ordering::Relaxed), 1);
    assert!(matches!(cas.get(&nowhere), Err(CasError::Missing { .. })));
    elsewhere.lost.lock().unwrap().push(nowhere);
    assert!(matches!(cas.get(&nowhere), Err(CasError::Missing { .. })), "it was lost there");
    cas.put_bytes(b"nowhere").unwrap();
    assert!(store.contains(&nowhere).unwrap(), "what is elsewhere is stored all the same");
}

#[test]
fn a_tree_elsewhere_is_complete_as_long_as_its_source_is_there_and_comes_in_one_piece() {
    let folder = tempfile::tempdir().unwrap();
    let store = Cas::open(folder.path().join("store")).unwrap();
    let elsewhere = Elsewhere::of(&store);
    let cas = store.clone().with_blob_source(elsewhere.clone());
    let files = vec![file("a", elsewhere.add(b"a")), file("b", elsewhere.add(b"b"))];
    let child = store.store_directory(&Directory { files, ..Directory::default() }).unwrap();
    let children = vec![DirectoryNode { name: "child".to_owned(), digest: child }];
    let root = store.store_directory(&Directory { directories: children, ..Directory::default() }).unwrap();
    assert!(cas.is_complete(&root).unwrap() && cas.is_complete(&root).unwrap());
    assert!(!store.is_complete(&root).unwrap(), "nothing was marked");
    cas.checkout_into(&root, &folder.path().join("out")).unwrap();
    assert_eq!(elsewhere.calls.load(Ordering::Relaxed), 1, "both files came together");
    assert!(store.is_complete(&root).unwrap());
}

#[test]
fn a_result_whose_outputs_are_elsewhere_is_a_hit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Cas::open(folder.path()).unwrap();
    let elsewhere = Elsewhere::of(&store);
    let cas = store.clone().with_blob_source(elsewhere.clone());
    for count in [1, 100] {
        let outputs: Vec<Digest> = (0..count).map(|n| elsewhere.add(&[count, n])).collect();
        let action = Digest::of(&[count]);
        cas.action_cache().put(&action, &outputs, b"result").unwrap();
        assert!(cas.action_cache().get(&action).unwrap().is_some());
        assert!(store.action_cache().get(&action).unwrap().is_none(), "without the source it is none");
        elsewhere.blobs.lock().unwrap().remove(&outputs[0]);
        assert!(cas.action_cache().get(&action).unwrap().is_none(), "an output was lost");
    }
}
