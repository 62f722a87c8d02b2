//! Blobs: stored whole, read checked.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use spec_cas::{Cas, CasError, ImportMode, Result};
use spec_model::{Digest, DigestFunction, UserError};
use tempfile::TempDir;

fn store() -> (TempDir, Cas) {
    store_with(DigestFunction::Sha256)
}

fn store_with(function: DigestFunction) -> (TempDir, Cas) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open_with(folder.path().join("store"), function).expect("a store");
    (folder, cas)
}

fn object(cas: &Cas, digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    cas.root().join("objects").join(&hex[..2]).join(hex)
}

fn reason<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.expect_err("this must fail").reason().to_owned()
}

type Way<'a> = &'a dyn Fn(&Cas, &TempDir) -> Result<Digest>;

#[test]
fn every_way_in_gives_the_same_blob() -> Result<()> {
    let sizes = [0, 1, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000];
    for (size, function) in sizes.into_iter().flat_map(|size| DigestFunction::ALL.map(|one| (size, one))) {
        let bytes: Vec<u8> = (0..size as u32).map(|n| (n % 251) as u8).collect();
        let digest = function.of(&bytes);
        let ways: [Way<'_>; 5] = [
            &|cas, _| cas.put_bytes(&bytes),
            &|cas, _| Ok(cas.put_many(&[b"other", &bytes])?[1]),
            &|cas, _| {
                let mut writer = cas.writer();
                bytes.chunks(70_000).for_each(|chunk| writer.write_all(chunk).expect("room"));
                assert_eq!(writer.written(), size);
                writer.finish_expecting(&digest).map(|()| digest)
            },
            &|cas, folder| put_file(cas, folder, &bytes, ImportMode::Copy),
            &|cas, folder| put_file(cas, folder, &bytes, ImportMode::Move),
        ];
        for way in ways {
            let (folder, cas) = store_with(function);
            assert_eq!(way(&cas, &folder)?, digest);
            assert_eq!(cas.get(&digest)?, bytes);
            let meta = fs::metadata(object(&cas, &digest)).expect("the blob's file");
            assert_eq!((meta.mode() & 0o7777, meta.mtime()), (0o644, 1_321_009_871));
        }
    }
    Ok(())
}

fn put_file(cas: &Cas, folder: &TempDir, bytes: &[u8], take: ImportMode) -> Result<Digest> {
    let path = folder.path().join("file");
    fs::write(&path, bytes).expect("room for a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o751)).expect("my own file");
    let digest = cas.put_file(&path, take);
    assert_eq!(path.exists(), take == ImportMode::Copy);
    digest
}

#[test]
fn a_file_with_another_name_is_not_moved_away_from_it() -> Result<()> {
    let (folder, cas) = store();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    fs::write(&one, "linked").and_then(|()| fs::hard_link(&one, &two)).expect("two names");
    let digest = cas.put_file(&one, ImportMode::Move)?;
    assert!(!one.exists());
    fs::write(&two, "changed").expect("my own file");
    assert_eq!(cas.get(&digest)?, b"linked");
    Ok(())
}

#[test]
fn missing_keeps_the_order() -> Result<()> {
    let (_folder, cas) = store();
    let all: Vec<Digest> = (0..500_u32).map(|n| Digest::of(&n.to_le_bytes())).collect();
    for n in (0..500_u32).step_by(3) {
        cas.put_bytes(&n.to_le_bytes())?;
    }
    let expect: Vec<Digest> =
        all.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, digest)| *digest).collect();
    assert_eq!(cas.missing(&all)?, expect);
    Ok(())
}

#[test]
fn what_is_not_there_is_named() {
    let (_folder, cas) = store();
    let digest = Digest::of(b"nothing");
    let error = cas.get(&digest).map_err(|error| error.about("public data of app.bst"));
    let error = error.expect_err("nothing was stored");
    assert_eq!(error.reason(), "cas-missing");
    assert!(error.to_string().starts_with(&format!("public data of app.bst ({digest}) is not in the store")));
}

#[test]
fn an_unexpected_digest_stores_nothing() -> Result<()> {
    let (_folder, cas) = store();
    for size in [10, 2_000_000] {
        let bytes = vec![1; size];
        let mut writer = cas.writer();
        writer.write_all(&bytes).expect("room");
        assert_eq!(reason(writer.finish_expecting(&Digest::of(b"else"))), "cas-wrong-digest");
        assert!(!cas.contains(&Digest::of(&bytes))?);
    }
    Ok(())
}

#[test]
fn a_damaged_blob_is_found_put_aside_and_healed() -> Result<()> {
    let ways: [fn(&Cas, &Digest) -> Result<()>; 2] =
        [|cas, digest| cas.get(digest).map(drop), |cas, digest| cas.verify(digest)];
    for (read, function) in ways.into_iter().flat_map(|way| DigestFunction::ALL.map(|one| (way, one))) {
        let (_folder, cas) = store_with(function);
        let digest = cas.put_bytes(b"sound")?;
        read(&cas, &digest)?;
        fs::write(object(&cas, &digest), "s0und").expect("my own file");
        assert_eq!(reason(read(&cas, &digest)), "cas-corrupt");
        assert_eq!(reason(read(&cas, &digest)), "cas-missing");
        assert_eq!(cas.missing(&[digest])?, [digest]);
        assert_eq!(fs::read(cas.root().join("quarantine").join(digest.hex())).ok(), Some(b"s0und".to_vec()));
        cas.put_bytes(b"sound")?;
        read(&cas, &digest)?;
    }
    Ok(())
}

#[test]
fn a_short_blob_counts_as_absent_and_is_written_again() -> Result<()> {
    let (_folder, cas) = store();
    let digest = cas.put_bytes(b"long enough")?;
    fs::write(object(&cas, &digest), "").expect("my own file");
    assert!(!cas.contains(&digest)?);
    assert_eq!(reason(cas.open_blob(&digest)), "cas-missing");
    cas.put_bytes(b"long enough")?;
    assert_eq!(cas.get(&digest)?, b"long enough");
    Ok(())
}

#[test]
fn a_full_disk_has_its_own_reason() {
    let full = || std::io::Error::from_raw_os_error(28);
    let error = CasError::writing("a/file", full());
    assert_eq!((error.reason(), error.to_string().contains("a/file")), ("cas-disk-full", true));
    assert_eq!(
        CasError::writing("a/file", std::io::Error::other(CasError::writing("b", full()))).reason(),
        "cas-disk-full"
    );
    assert_eq!(CasError::writing("a/file", std::io::Error::other("else")).reason(), "cas-io");
}

#[test]
fn stores_of_two_functions_share_a_folder_and_nothing_else() -> Result<()> {
    let (_folder, sha256) = store();
    let blake3 = Cas::open_with(sha256.root(), DigestFunction::Blake3)?;
    let known = "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f/5";
    assert_eq!(blake3.put_bytes(b"hello")?.to_string(), known);
    assert_eq!(blake3.digest(b"hello").to_string(), known);
    assert_eq!((sha256.function(), blake3.function()), (DigestFunction::Sha256, DigestFunction::Blake3));
    for (one, other) in [(&sha256, &blake3), (&blake3, &sha256)] {
        let digest = one.put_bytes(b"in one")?;
        one.action_cache().put(&digest, &[], b"result")?;
        one.refs("kind").put(&["name"], b"record")?;
        assert!(!other.contains(&digest)?);
        assert_eq!(other.action_cache().get(&digest)?, None);
        assert_eq!(reason(other.writer().finish_expecting(&digest)), "cas-wrong-digest");
        assert_eq!(other.refs("kind").get("name")?, None);
        one.refs("kind").remove("name")?;
    }
    Ok(())
}

#[test]
fn whatever_is_in_place_of_a_blob_is_none_and_is_replaced() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    // Sizes that file systems report for folders.
    for bytes in [vec![7; 3], vec![7; 4096], vec![7; 60], vec![7; 40]] {
        let digest = cas.put_bytes(&bytes)?;
        let path = folder.path().join("objects").join(&digest.hex()[..2]).join(digest.hex());
        std::fs::remove_file(&path).expect("it was stored");
        std::fs::create_dir_all(path.join("in-it")).expect("the store is ours");
        assert!(!cas.contains(&digest)?);
        assert_eq!(
            cas.get(&digest).map_err(|error| error.reason().to_owned()),
            Err("cas-missing".to_owned())
        );
        cas.put_bytes(&bytes)?;
        assert!(cas.get(&digest)? == bytes);
    }
    Ok(())
}

#[test]
fn a_folder_in_place_of_a_blob_is_replaced_by_many_at_once() -> Result<()> {
    let (_folder, cas) = store();
    let at_once = std::sync::Barrier::new(4);
    for round in 0..200_u32 {
        let bytes = round.to_le_bytes();
        let path = object(&cas, &cas.digest(&bytes));
        fs::create_dir_all(path.join("in-it")).expect("the store is ours");
        std::thread::scope(|scope| {
            let put = || {
                at_once.wait();
                cas.put_bytes(&bytes)
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(put)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no panic").map(drop))
        })?;
        assert!(path.is_file(), "round {round}");
    }
    Ok(())
}
