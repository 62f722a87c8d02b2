use std::fs::FileTimes;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use spec_model::{Digest, LayerForm};

use super::*;
use crate::builder::TreeBuilder;
use crate::layer_cache::LayerCache;
use crate::layout::BlobName;

const HOUR: u64 = 3600;
/// Bytes of a blob in these tests: one block of the disk.
const SIZE: usize = 4000;

struct Fixture {
    _folder: tempfile::TempDir,
    cas: Cas,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        Self { _folder: folder, cas }
    }

    /// A blob that was last used so many hours ago.
    fn blob(&self, number: u8, hours: u64) -> Digest {
        let digest = self.cas.put_bytes(&[number; SIZE]).expect("room");
        self.age(&self.cas.blob_path(&digest), hours);
        digest
    }

    /// A tree with one file, whose blobs were never used.
    fn tree(&self, number: u8) -> Digest {
        let mut builder = TreeBuilder::new();
        let file = self.blob(number, 1000);
        builder.add_file("dir/file", file, true).expect("a good path");
        let root = builder.store(&self.cas).expect("room");
        for digest in self.cas.distinct_blobs_of_tree(&root).expect("it is here") {
            self.age(&self.cas.blob_path(&digest), 1000);
        }
        root
    }

    fn record(&self, name: &str, tree: &Digest, hours: u64) {
        self.cas.refs("trees").put(&[name], tree.to_string().as_bytes()).expect("room");
        self.age(&self.cas.root().join("refs/trees").join(name), hours);
    }

    fn age(&self, path: &Path, hours: u64) {
        let then = SystemTime::now() - Duration::from_secs(hours * HOUR);
        let times = FileTimes::new().set_accessed(then).set_modified(then);
        fs::File::open(path).and_then(|file| file.set_times(times)).expect("a file of the store");
    }

    /// Evicts all that may be.
    fn evict_all(&self) -> EvictionReport {
        self.evict(0, 0)
    }

    fn evict(&self, most: u64, low: u8) -> EvictionReport {
        let quota = Quota { max_bytes: Some(most), reserved_bytes: 0, low_watermark: low };
        self.cas.evict(&quota, &needs).expect("it works").expect("nobody else evicts")
    }

    fn has(&self, digest: &Digest) -> bool {
        self.path(digest).exists()
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.cas.root().join("objects").join(BlobName::of(digest).text())
    }
}

fn needs(kind: &str, record: &[u8]) -> Vec<Need> {
    assert_eq!(kind, "trees");
    let tree = std::str::from_utf8(record).ok().and_then(|text| text.parse().ok());
    tree.map(Need::Tree).into_iter().collect()
}

#[test]
fn the_longest_unused_goes_until_the_low_mark() {
    let fixture = Fixture::new();
    let blobs: Vec<Digest> = (1..=10).map(|n| fixture.blob(n, u64::from(n) + 1)).collect();
    let full = fixture.evict(1 << 30, 80);
    assert_eq!((full.cutoff, full.blobs_removed, full.blobs_before), (None, 0, 11));
    let block = full.bytes_before / 10;
    let evicted = fixture.evict(block * 8, 50);
    assert_eq!(
        (evicted.blobs_removed, evicted.bytes_after, evicted.bytes_before),
        (6, block * 4, block * 10)
    );
    let left: Vec<bool> = blobs.iter().map(|digest| fixture.has(digest)).collect();
    assert_eq!(left, [[true; 4].as_slice(), &[false; 6]].concat());
    assert_eq!(fixture.cas.estimated_bytes().expect("it is there"), Some(block * 4));
    assert!(!evicted.is_over_quota());
}

#[test]
fn what_something_younger_needs_stays() {
    let fixture = Fixture::new();
    let (young, old) = (fixture.tree(1), fixture.tree(2));
    fixture.record("young", &young, 2);
    fixture.record("old", &old, 4);
    let between = fixture.blob(3, 3);
    let evicted = fixture.evict(1, 0);
    assert!(evicted.is_over_quota() || evicted.bytes_after == 0);
    // All are older than what is held, so all are removed, the least recently used first.
    assert!(!fixture.has(&young) && !fixture.has(&between));
    let fixture = Fixture::new();
    let (young, old) = (fixture.tree(1), fixture.tree(2));
    fixture.record("young", &young, 2);
    fixture.record("old", &old, 4);
    fixture.blob(3, 3);
    let before = fixture.evict(1 << 30, 0).bytes_before;
    let evicted = fixture.evict(before - 1, 99);
    assert_eq!((evicted.roots_removed, evicted.blobs_removed), (1, 3), "the old record with its three blobs");
    assert!(fixture.cas.is_complete(&young).expect("the store works"));
    assert_eq!(fixture.cas.refs("trees").list("").expect("the store works"), ["young"]);
}

#[test]
fn a_record_of_many_names_is_asked_about_once() {
    let fixture = Fixture::new();
    let tree = fixture.tree(1);
    ["one", "two", "three"].iter().for_each(|name| fixture.record(name, &tree, 2));
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let count = |kind: &str, record: &[u8]| {
        asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        needs(kind, record)
    };
    let quota = Quota { max_bytes: Some(0), reserved_bytes: 0, low_watermark: 0 };
    let evicted = fixture.cas.evict(&quota, &count).expect("it works").expect("nobody else evicts");
    assert_eq!((evicted.roots_removed, asked.into_inner()), (3, 1));
}

#[test]
fn what_is_used_while_a_hold_lives_stays() {
    let fixture = Fixture::new();
    let other = Cas::open(fixture.cas.root()).expect("a store");
    let (used, unused) = (fixture.blob(1, 50), fixture.blob(2, 50));
    let tree = fixture.tree(3);
    fixture.record("used", &tree, 50);
    let hold = other.hold().expect("room");
    assert!(other.contains(&used).expect("the store works"));
    assert!(other.refs("trees").get("used").expect("the store works").is_some());
    fixture.evict_all();
    assert!(fixture.has(&used) && !fixture.has(&unused));
    assert!(fixture.cas.is_complete(&tree).expect("the store works"));
    drop((hold, other));
    // The check whether the tree is complete has just used its directories.
    for digest in fixture.cas.distinct_blobs_of_tree(&tree).expect("it is here").iter().chain([&used]) {
        fixture.age(&fixture.path(digest), 50);
    }
    fixture.age(&fixture.cas.root().join("refs/trees/used"), 50);
    assert_eq!(fixture.evict_all().bytes_after, 0);
    assert!(!fixture.has(&used) && !fixture.has(&tree));
}

#[test]
fn layers_go_when_nobody_uses_them_and_keep_their_blobs_until_then() {
    for form in [LayerForm::Image, LayerForm::Metacopy, LayerForm::Copied] {
        let fixture = Fixture::new();
        let layers = LayerCache::new(fixture.cas.clone(), form);
        let tree = fixture.tree(1);
        let guard = layers.layer(&tree).expect("it is whole");
        let path = guard.path().to_owned();
        let lock = lock_of(&layers, &tree);
        fixture.age(&lock, 50);
        let age = || {
            for digest in fixture.cas.distinct_blobs_of_tree(&tree).expect("it is here") {
                fixture.age(&fixture.path(&digest), 50);
            }
        };
        age();
        let evicted = fixture.evict_all();
        assert!(evicted.bytes_before > 0 && path.exists(), "{form:?}");
        assert!(fixture.cas.is_complete(&tree).expect("the store works"), "{form:?}");
        drop(guard);
        age();
        assert_eq!(fixture.evict_all().roots_removed, 1);
        assert!(!path.exists() && !lock.exists() && !fixture.has(&tree), "{form:?}");
        let gone = layers.layer(&tree).expect_err("its blobs are gone");
        assert_eq!(spec_model::UserError::reason(&gone), "cas-missing");
        fixture.tree(1);
        assert!(layers.layer(&tree).expect("it is whole again").path().exists());
    }
}

#[test]
fn a_layer_elsewhere_is_not_used_without_its_blobs() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layers = LayerCache::new(fixture.cas.clone(), LayerForm::Metacopy);
    let layers = layers.in_folder(folder.path().to_owned()).expect("the folder can be read");
    let tree = fixture.tree(1);
    let path = layers.layer(&tree).expect("it is whole").path().to_owned();
    assert!(path.starts_with(folder.path()));
    for digest in fixture.cas.distinct_blobs_of_tree(&tree).expect("it is here") {
        fixture.age(&fixture.path(&digest), 50);
    }
    fixture.age(&lock_of(&layers, &tree), 50);
    fixture.evict_all();
    assert!(path.exists(), "it is no matter of the store");
    layers.layer(&tree).expect_err("its blobs are gone");
    fixture.tree(1);
    assert_eq!(layers.layer(&tree).expect("it is whole again").path(), path);
}

/// The lock of a layer beside the store, or the lock that keeps the blobs of a layer elsewhere.
fn lock_of(layers: &LayerCache, tree: &Digest) -> PathBuf {
    let name = layers.layer(tree).expect("it is whole").path().file_name().map(|name| name.to_owned());
    let mut name = name.expect("it has a name");
    name.push(".lock");
    layers.store().root().join("trees").join(name)
}

#[test]
fn results_of_actions_go_with_their_blobs_or_stay_with_them() {
    for needed in [1, 100_u8] {
        let fixture = Fixture::new();
        let results = fixture.cas.action_cache();
        let (young, old) = (Digest::of(b"young"), Digest::of(b"old"));
        for (action, first, hours) in [(young, 0, 2), (old, 100, 4)] {
            let blobs: Vec<Digest> = (first..first + needed).map(|n| fixture.blob(n, 1)).collect();
            results.put(&action, &blobs, b"result").expect("room");
            blobs.iter().for_each(|digest| fixture.age(&fixture.path(digest), hours));
            let entry = entry(&fixture.cas, &action);
            fixture.age(&entry, hours);
        }
        let before = fixture.evict(1 << 30, 0).bytes_before;
        let evicted = fixture.evict(before - 1, 99);
        assert_eq!((evicted.roots_removed, evicted.blobs_removed), (1, usize::from(needed)));
        assert!(results.get(&young).expect("the store works").is_some());
        assert!(!entry(&fixture.cas, &old).exists());
    }
}

fn entry(cas: &Cas, action: &Digest) -> PathBuf {
    let hex = action.hex();
    cas.root().join("actions").join(&hex[..2]).join(format!("{hex}-{}", action.size()))
}

#[test]
fn one_evicts_at_a_time_and_the_disk_can_be_reserved() {
    let fixture = Fixture::new();
    fixture.blob(1, 50);
    let everything = Quota { max_bytes: None, reserved_bytes: u64::MAX, low_watermark: 80 };
    assert_eq!(fixture.cas.exceeds(&everything).ok(), Some(Some(true)));
    fs::create_dir_all(fixture.cas.root().join("quota")).expect("room");
    let folder = fs::File::open(fixture.cas.root().join("quota")).expect("it is there");
    let lock = || rustix::fs::flock(&folder, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    lock().expect("nobody has it");
    assert_eq!(fixture.cas.evict(&everything, &needs).expect("it works"), None);
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::Unlock).expect("we have it");
    let evicted = fixture.cas.evict(&everything, &needs).expect("it works").expect("nobody else evicts");
    assert_eq!((evicted.blobs_removed, evicted.max_bytes), (1, Some(0)));
    let nothing = Quota { max_bytes: None, reserved_bytes: 0, low_watermark: 80 };
    assert_eq!(fixture.cas.exceeds(&nothing).ok(), Some(Some(false)));
    let tiny = Quota { max_bytes: Some(0), ..nothing };
    assert_eq!(fixture.cas.exceeds(&tiny).ok(), Some(Some(false)));
    fixture.blob(2, 50);
    assert_eq!(fixture.cas.exceeds(&tiny).ok(), Some(Some(true)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Whatever the ages and the quota: no record or result that remains lacks a blob.
    #[test]
    fn what_stays_is_whole(
        ages in prop::collection::vec((2..60_u64, 0..12_u8), 1..12),
        blobs in prop::collection::vec((1..60_u64, 0..12_u8), 0..8),
        part in 0..100_u64,
    ) {
        let fixture = Fixture::new();
        for (at, (hours, number)) in ages.iter().enumerate() {
            let tree = fixture.tree(*number);
            fixture.record(&at.to_string(), &tree, *hours);
            if hours % 2 == 0 {
                let form = if hours % 4 == 0 { LayerForm::Image } else { LayerForm::Copied };
                fixture.age(&lock_of(&LayerCache::new(fixture.cas.clone(), form), &tree), *hours);
            }
        }
        for (hours, number) in &blobs {
            fixture.blob(*number, *hours);
        }
        let before = fixture.evict(1 << 40, 0).bytes_before;
        let folder = fixture.cas.root().join("refs/trees");
        let used = |at: usize| fs::metadata(folder.join(at.to_string())).and_then(|meta| meta.modified());
        let used: Vec<Moment> = (0..ages.len()).map(|at| used(at).expect("it was put").into()).collect();
        let evicted = fixture.evict(before * part / 100, 90);
        let refs = fixture.cas.refs("trees");
        let cut = evicted.cutoff.map(Moment::from);
        for (at, (hours, _)) in ages.iter().enumerate() {
            let record = refs.get(&at.to_string())?;
            prop_assert_eq!(record.is_some(), cut.is_none_or(|cut| used[at] > cut), "{} hours", hours);
            let Some(record) = record else { continue };
            let tree = String::from_utf8(record).expect("text").parse().expect("a digest");
            prop_assert!(fixture.cas.is_complete(&tree)?);
            drop(LayerCache::new(fixture.cas.clone(), LayerForm::Image).layer(&tree)?);
        }
    }
}
