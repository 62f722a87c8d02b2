use super::*;
use crate::Cas;

#[test]
fn a_large_blob_is_whole_whatever_its_pieces() {
    let folder = tempfile::tempdir().expect("a folder");
    let cas = Cas::open(folder.path()).expect("a store");
    let bytes: Vec<u8> = (0..LARGE + 12_345).map(|n| (n % 251) as u8).collect();
    let mut writer = cas.writer_with_size(bytes.len() as u64);
    for piece in bytes.chunks(3_000_001) {
        writer.write_all(piece).expect("there is room");
    }
    let digest = cas.digest(&bytes);
    writer.finish_expecting(&digest).expect("the same bytes");
    assert!(cas.get(&digest).expect("stored") == bytes);
}

#[test]
fn fewer_bytes_than_announced_are_stored_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let cas = Cas::open(folder.path()).expect("a store");
    let bytes = vec![7; 5 << 20];
    let mut writer = cas.writer_with_size(LARGE);
    writer.write_all(&bytes).expect("there is room");
    let digest = writer.finish().expect("stored");
    assert!(cas.get(&digest).expect("stored") == bytes);
}
