//! The contract of receivers, for each of them.

use std::path::Path;
use std::sync::Arc;

use spec_cas::{Cas, Limits};
use spec_model::tree::{Directory, FileNode, NodeProperties};
use spec_model::{Cancel, UserError};

use super::*;
use crate::directory_receiver::{Directories, DirectoryReceiver};
use crate::memory_receiver::MemoryReceiver;

const BLOB: &[u8] = b"what was asked for";

/// A receiver of a tree with two files that are `BLOB`.
fn directory(folder: &Path) -> DirectoryReceiver {
    let file = |name: &str| FileNode {
        name: name.to_owned(),
        digest: Digest::of(BLOB),
        executable: false,
        properties: NodeProperties::default(),
    };
    let root = Digest::of(b"root");
    let directory = Directory { files: vec![file("one"), file("other")], ..Directory::default() };
    let directories = Directories::from([(root, (vec![], directory))]);
    DirectoryReceiver::prepare(&folder.join("tree"), DigestFunction::Sha256, Limits::default(), Cancel::new())
        .and_then(|receiver| receiver.create_directories(&root, &directories))
        .expect("the place is empty")
}

/// What comes of writing `bytes` as `BLOB` in pieces.
fn stream(receiver: &dyn BlobReceiver, bytes: &[u8]) -> Result<(), CasError> {
    let mut sink = receiver.sink(&Digest::of(BLOB))?;
    bytes.chunks(7).for_each(|piece| sink.write_all(piece).expect("there is room"));
    sink.finish()
}

#[test]
fn a_receiver_takes_only_blobs_that_have_their_digest() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path().join("store")).expect("a new store");
    let receivers: [(&str, Arc<dyn BlobReceiver>); 3] = [
        ("the store", Arc::new(cas.clone())),
        ("memory", Arc::new(MemoryReceiver::new(DigestFunction::Sha256))),
        ("a directory", Arc::new(directory(folder.path()))),
    ];
    let digest = Digest::of(BLOB);
    for wrong in [&b""[..], b"what was asked fox", b"what was asked for, and more"] {
        for (name, receiver) in &receivers {
            let results = [
                receiver.put(&digest, wrong),
                receiver.put_many(&[(digest, wrong.to_vec())]),
                stream(&**receiver, wrong),
            ];
            for result in results {
                let reason = result.err().map(|error| error.reason().to_owned());
                assert_eq!(reason.as_deref(), Some("cas-wrong-digest"), "{name} with {wrong:?}");
            }
        }
        assert_eq!(cas.missing(&[digest]).expect("the store is there"), [digest]);
    }
    for (name, receiver) in &receivers {
        stream(&**receiver, BLOB).expect(name);
        receiver.put(&digest, BLOB).expect(name);
        receiver.put_many(&[(digest, BLOB.to_vec())]).expect(name);
    }
    assert_eq!(cas.missing(&[digest]).expect("the store is there"), []);
}
