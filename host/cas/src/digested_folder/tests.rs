use std::fs;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Cas;
use crate::test_trees::{arbitrary_paths, store};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn it_has_the_tree_that_an_import_stores(paths in arbitrary_paths()) {
        let folder = tempfile::tempdir()?;
        let cas = Cas::open(folder.path().join("store"))?;
        let root = store(&cas, &paths)?;
        let dest = folder.path().join("dest");
        cas.checkout_into(&root, &dest)?;
        let digested = DigestedFolder::of(&dest, cas.function(), cas.limits(), &Cancel::new())?;
        prop_assert_eq!(digested.root, root);
        prop_assert_eq!(cas.digest_of_dir(&dest, |_| true)?, root);
        let blobs = digested.directories.iter().map(|(digest, _)| *digest);
        let mut blobs: Vec<_> = blobs.chain(digested.files.iter().map(|(digest, _)| *digest)).collect();
        let mut below = cas.blobs_of_tree(&root)?;
        for list in [&mut blobs, &mut below] {
            list.sort_unstable();
            list.dedup();
        }
        prop_assert_eq!(blobs, below);
    }
}

/// A time long after all changes, so that no file counts as just written.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(60)
}

#[test]
fn what_did_not_change_is_not_read_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, tree) = (folder.path().join("stat_cache"), folder.path().join("tree"));
    fs::create_dir(&tree).expect("a folder");
    fs::write(tree.join("file"), "one").expect("a file");
    let open = || StatCache::open(&store, &tree, DigestFunction::Sha256);
    let plain = || {
        DigestedFolder::of(&tree, DigestFunction::Sha256, Limits::default(), &Cancel::new())
            .expect("it can be read")
            .root
    };
    let of_cached = |now| {
        DigestedFolder::of_cached_at(now, &tree, &mut open(), Limits::default(), &Cancel::new())
            .expect("it can be read")
            .root
    };
    let first = of_cached(SystemTime::now());
    assert!(first == plain() && open().is_empty(), "it may be written of_cached within the tick");
    assert!(of_cached(later()) == first && !open().is_empty());

    // A wrong digest in the cache shows that the cache is used.
    let mut stat_cache = open();
    let stat = rustix::fs::lstat(tree.join("file")).expect("it is there");
    let lie = [(FileIdentity::of(&stat), Digest::of(b"two"))];
    stat_cache.replace(lie.into_iter(), later());
    assert_ne!(of_cached(later()), first);

    // Of the same size, with the same modification time.
    let old = fs::metadata(tree.join("file")).and_then(|meta| meta.modified()).expect("it is there");
    std::thread::sleep(Duration::from_millis(20));
    fs::write(tree.join("file"), "six").expect("a file");
    let file = fs::File::options().write(true).open(tree.join("file")).expect("it is there");
    file.set_modified(old).expect("it is ours");
    assert_eq!(of_cached(later()), plain());

    // A damaged cache counts as absent.
    let memory = fs::read_dir(&store).expect("it is there").flatten().next().expect("one").path();
    let mut bytes = fs::read(&memory).expect("a file");
    bytes[60] ^= 1;
    fs::write(&memory, bytes).expect("a file");
    assert!(open().is_empty() && of_cached(later()) == plain());
}

#[test]
fn where_nothing_can_be_remembered_everything_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).expect("a folder");
    fs::write(tree.join("file"), "one").expect("a file");
    let mut stat_cache = StatCache::open(&tree.join("file/stat_cache"), &tree, DigestFunction::Sha256);
    let digested =
        DigestedFolder::of_cached_at(later(), &tree, &mut stat_cache, Limits::default(), &Cancel::new())
            .expect("it can be read");
    assert_eq!(
        digested.root,
        DigestedFolder::of(&tree, DigestFunction::Sha256, Limits::default(), &Cancel::new())
            .expect("it can be read")
            .root
    );
}
