//! Benchmarks of the store: `cargo bench -p spec-cas`, or with `-- NAME` those whose name contains `NAME`.
//!
//! Stores are in temporary folders (`TMPDIR` says where). Where many files were removed during the last five minutes, ext4
//! makes new ones slowly: see docs/performance.md.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use spec_cas::{Cas, LayerCache, MergeInput, Quota, TreeBuilder};
use spec_model::{Digest, LayerForm};
use tempfile::TempDir;

fn main() {
    divan::main();
}

const BLOBS: u64 = 10_000;
/// Files of the tree: about as many as a small Debian root has.
const FILES: u64 = 14_000;

struct Fixture {
    folder: TempDir,
    cas: Cas,
}

fn empty_store() -> Fixture {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path().join("store")).expect("a store");
    Fixture { folder, cas }
}

/// Contents of 4 KB each.
fn contents() -> Vec<Vec<u8>> {
    (0..BLOBS).map(|n| n.to_le_bytes().repeat(512)).collect()
}

fn full_store() -> (Fixture, Vec<Digest>) {
    let (fixture, contents) = (empty_store(), contents());
    let slices: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let digests = fixture.cas.put_many(&slices).expect("there is room");
    (fixture, digests)
}

/// A tree of small files, 20 in each folder.
fn tree(cas: &Cas) -> Digest {
    let mut builder = TreeBuilder::new();
    for n in 0..FILES {
        let path = format!("usr/share/{}/{}/{n}", n / 400, n / 20 % 20);
        let digest = cas.put_bytes(&n.to_le_bytes().repeat(16)).expect("there is room");
        builder.add_file(&path, digest, n % 9 == 0).expect("a path of a tree");
    }
    builder.store(cas).expect("there is room")
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn put_many_new(bencher: Bencher<'_, '_>) {
    let contents = contents();
    let slices: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let bencher = bencher.counter(ItemsCount::new(slices.len())).with_inputs(empty_store);
    bencher.bench_refs(|fixture| fixture.cas.put_many(&slices).expect("there is room"));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn put_many_again(bencher: Bencher<'_, '_>) {
    let (fixture, _) = full_store();
    let contents = contents();
    let slices: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let bencher = bencher.counter(ItemsCount::new(slices.len()));
    bencher.bench_local(|| fixture.cas.put_many(&slices).expect("there is room"));
}

#[divan::bench(args = ["present", "absent", "absent, indexed"], sample_count = 20, sample_size = 1)]
fn missing(bencher: Bencher<'_, '_>, which: &str) {
    let (fixture, present) = full_store();
    let absent: Vec<Digest> = (0..BLOBS).map(|n| Digest::of(&n.to_le_bytes())).collect();
    let digests = if which == "present" { present } else { absent };
    if which.ends_with("indexed") {
        fixture.cas.build_existence_index().expect("it can be listed");
    }
    let bencher = bencher.counter(ItemsCount::new(digests.len()));
    bencher.bench_local(|| fixture.cas.probably_missing(&digests).expect("the store works"));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn write_100_mb(bencher: Bencher<'_, '_>) {
    let block: Vec<u8> = (0..1_u32 << 18).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let bencher = bencher.counter(BytesCount::new(100 * block.len())).with_inputs(empty_store);
    bencher.bench_refs(|fixture| {
        let mut writer = fixture.cas.writer();
        (0..100).for_each(|_| writer.write_all(&block).expect("there is room"));
        writer.finish().expect("there is room")
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn import_dir(bencher: Bencher<'_, '_>) {
    let source = empty_store();
    let folder = source.folder.path().join("tree");
    source.cas.checkout_into(&tree(&source.cas), &folder).expect("there is room");
    let bencher = bencher.with_inputs(empty_store);
    bencher.bench_refs(|fixture| {
        fixture.cas.import_dir(&folder, spec_cas::ImportMode::Copy, |_| true).expect("there is room")
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn checkout(bencher: Bencher<'_, '_>) {
    let fixture = empty_store();
    let root = tree(&fixture.cas);
    let mut number = 0;
    let next = || -> PathBuf {
        number += 1;
        fixture.folder.path().join(number.to_string())
    };
    let bencher = bencher.with_inputs(next);
    bencher.bench_local_values(|path| fixture.cas.checkout_into(&root, &path).expect("there is room"));
}

#[divan::bench(args = [LayerForm::Image, LayerForm::Metacopy, LayerForm::Copied], sample_count = 5, sample_size = 1)]
fn layer_new(bencher: Bencher<'_, '_>, form: LayerForm) {
    let with_tree = || {
        let fixture = empty_store();
        let root = tree(&fixture.cas);
        (fixture, root)
    };
    let bencher = bencher.with_inputs(with_tree);
    bencher.bench_refs(|(fixture, root)| {
        LayerCache::new(fixture.cas.clone(), form).layer(root).expect("there is room")
    });
}

#[divan::bench(args = [LayerForm::Image, LayerForm::Metacopy, LayerForm::Copied])]
fn layer_again(bencher: Bencher<'_, '_>, form: LayerForm) {
    let fixture = empty_store();
    let root = tree(&fixture.cas);
    let layers = LayerCache::new(fixture.cas.clone(), form);
    layers.layer(&root).expect("there is room");
    bencher.bench_local(|| layers.layer(&root).expect("it is there"));
}

#[divan::bench]
fn merge_with_small_tree(bencher: Bencher<'_, '_>) {
    let fixture = empty_store();
    let inputs = [tree(&fixture.cas), small_tree(&fixture.cas)].map(MergeInput::whole);
    bencher.bench_local(|| fixture.cas.merge(&inputs).expect("they can be merged"));
}

#[divan::bench]
fn diff_with_merged(bencher: Bencher<'_, '_>) {
    let fixture = empty_store();
    let root = tree(&fixture.cas);
    let merged = fixture.cas.merge(&[root, small_tree(&fixture.cas)].map(MergeInput::whole));
    let merged = merged.expect("they can be merged").root;
    bencher.bench_local(|| fixture.cas.diff(&root, &merged).expect("they are here"));
}

fn small_tree(cas: &Cas) -> Digest {
    let mut builder = TreeBuilder::new();
    let digest = cas.put_bytes(b"hello").expect("there is room");
    builder.add_file("usr/bin/hello", digest, true).expect("a path of a tree");
    builder.store(cas).expect("there is room")
}

/// Measures counting alone, or the removal of everything.
#[divan::bench(args = [Some(u64::MAX), Some(0)], sample_count = 3, sample_size = 1)]
fn evict(bencher: Bencher<'_, '_>, max_bytes: Option<u64>) {
    let quota = Quota { max_bytes, reserved_bytes: 0, low_watermark: 80 };
    let unused = || {
        let (fixture, digests) = full_store();
        digests.iter().for_each(|digest| age(fixture.cas.root(), digest));
        fixture
    };
    let bencher = bencher.counter(ItemsCount::new(BLOBS)).with_inputs(unused);
    bencher.bench_refs(|fixture| fixture.cas.evict(&quota, &|_, _| Vec::new()).expect("the store works"));
}

/// Sets the times of a blob as if it had not been used for an hour.
fn age(store: &Path, digest: &Digest) {
    let then = SystemTime::now() - Duration::from_secs(3600);
    let times = std::fs::FileTimes::new().set_accessed(then);
    let hex = digest.hex();
    let path = store.join("objects").join(&hex[..2]).join(hex);
    std::fs::File::open(path).and_then(|file| file.set_times(times)).expect("a blob of the store");
}
