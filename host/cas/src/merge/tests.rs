use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use spec_model::{Digest, DigestFunction, UserError};

use super::{MergeInput, MergedTree, TreeMerger};
use crate::builder::TreeBuilder;
use crate::error::{CasError, Result};
use crate::store::Cas;
use crate::test_trees::{Leaf, PathMap, Picture, arbitrary_paths, picture, store};
use crate::tree::Entry;

/// A merge of maps of paths, slow and obvious; every directory has its own entry.
#[derive(Default)]
struct NaiveMerge {
    tree: BTreeMap<String, (usize, Entry)>,
    overlaps: BTreeMap<String, Vec<usize>>,
    ignored: Vec<(usize, String)>,
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

impl NaiveMerge {
    fn add(
        &mut self,
        index: usize,
        layer: &Picture,
        location: &str,
        filter: &dyn Fn(&str) -> bool,
    ) -> Option<()> {
        for (at, _) in location.match_indices('/').chain([(location.len(), "")]).filter(|(at, _)| *at > 0) {
            self.folder(index, &location[..at])?;
        }
        for (path, entry) in layer {
            let full = if location.is_empty() { path.clone() } else { format!("{location}/{path}") };
            match entry {
                Entry::Directory(_) => {
                    let wanted =
                        |path: &String, entry: &Entry| filter(path) && !matches!(entry, Entry::Directory(_));
                    let has_wanted = layer.iter().any(|(p, e)| {
                        is_below(p, path) && (wanted(p, e) || (matches!(e, Entry::Directory(_)) && filter(p)))
                    });
                    if filter(path) || has_wanted || self.tree.contains_key(&full) {
                        self.folder(index, &full)?;
                    }
                }
                leaf if filter(path) => self.leaf(index, full, leaf.clone()),
                _ => {}
            }
        }
        Some(())
    }

    fn folder(&mut self, index: usize, path: &str) -> Option<()> {
        match self.tree.get(path) {
            Some((_, Entry::Directory(_))) => Some(()),
            Some(_) => None,
            None => {
                self.tree.insert(path.to_owned(), (index, Entry::Directory(Digest::of(b""))));
                Some(())
            }
        }
    }

    fn leaf(&mut self, index: usize, path: String, entry: Entry) {
        if self.tree.keys().any(|other| is_below(other, &path)) {
            self.ignored.push((index, path));
            return;
        }
        if let Some((owner, _)) = self.tree.insert(path.clone(), (index, entry)) {
            self.overlaps.entry(path).or_insert_with(|| vec![owner]).push(index);
        }
    }
}

fn without_digests(picture: Picture) -> Picture {
    let blank = |entry| match entry {
        Entry::Directory(_) => Entry::Directory(Digest::of(b"")),
        other => other,
    };
    picture.into_iter().map(|(path, entry)| (path, blank(entry))).collect()
}

/// What overlayfs shows of these trees, the first at the bottom.
fn stacked(cas: &Cas, trees: &[Digest]) -> Result<Picture> {
    let mut seen = Picture::new();
    for tree in trees {
        for (path, entry) in without_digests(picture(cas, tree)?) {
            let merges =
                matches!((&entry, seen.get(&path)), (Entry::Directory(_), Some(Entry::Directory(_))));
            if !merges {
                seen.retain(|other, _| !is_below(other, &path));
                seen.insert(path, entry);
            }
        }
    }
    Ok(seen)
}

#[derive(Clone, Debug)]
struct Sample {
    paths: PathMap,
    location: &'static str,
    refuse: Option<&'static str>,
}

fn arbitrary_input() -> impl Strategy<Value = Sample> {
    let location = prop::sample::select(vec!["", "", "", "a", "lib/b"]);
    let refuse = prop::option::of(prop::sample::select(vec!["a", "lib", "b", "nothing"]));
    (arbitrary_paths(), location, refuse).prop_map(|(paths, location, refuse)| Sample {
        paths,
        location,
        refuse,
    })
}

fn check(cas: &Cas, samples: &[Sample]) -> Result<()> {
    let mut naive = NaiveMerge::default();
    let mut possible = true;
    let roots = samples.iter().map(|sample| store(cas, &sample.paths)).collect::<Result<Vec<_>>>()?;
    let filters: Vec<_> = samples
        .iter()
        .map(|sample| {
            move |path: &str| sample.refuse.is_none_or(|name| !path.split('/').any(|part| part == name))
        })
        .collect();
    let mut layers = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        let layer = picture(cas, &roots[index])?;
        possible = possible && naive.add(index, &layer, sample.location, &filters[index]).is_some();
        let filter = sample.refuse.map(|_| &filters[index] as &dyn Fn(&str) -> bool);
        layers.push(MergeInput { root: roots[index], location: sample.location, filter });
    }
    match cas.merge(&layers) {
        Err(error @ CasError::Collision { .. }) => {
            assert!(!possible, "{error}");
            Ok(())
        }
        Err(error) => Err(error),
        Ok(merged) => {
            assert!(possible);
            compare(cas, &merged, naive)
        }
    }
}

fn compare(cas: &Cas, merged: &MergedTree, mut naive: NaiveMerge) -> Result<()> {
    let whole = without_digests(picture(cas, &merged.root)?);
    let expect: Picture = naive.tree.iter().map(|(path, (_, entry))| (path.clone(), entry.clone())).collect();
    assert_eq!(whole, expect);
    assert_eq!(stacked(cas, &merged.contributions)?, whole);
    for (path, (layer, _)) in &naive.tree {
        assert_eq!(merged.origins.input_of(path), *layer, "{path}");
    }
    assert_eq!(merged.overlaps, naive.overlaps);
    let mut ignored = merged.ignored.clone();
    ignored.sort();
    naive.ignored.sort();
    assert_eq!(ignored, naive.ignored);
    Ok(())
}

#[test]
fn agrees_with_path_maps() -> Result<(), TestError<Vec<Sample>>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stores = DigestFunction::ALL.map(|one| Cas::open_with(folder.path(), one).expect("a store"));
    let inputs = prop::collection::vec(arbitrary_input(), 1..4);
    TestRunner::default()
        .run(&inputs, |samples| Ok(stores.iter().try_for_each(|cas| check(cas, &samples))?))
}

#[test]
fn an_input_that_is_merged_whole_is_contributed_as_it_is() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let file = |path: &str| store(&cas, &PathMap::from([(path.to_owned(), Leaf::File(1, false))]));
    let (base, top) = (file("usr/bin/a")?, file("usr/bin/b")?);
    let merged = cas.merge(&[MergeInput::whole(base), MergeInput::whole(top)])?;
    assert_eq!(merged.contributions, [base, top]);
    assert_eq!((merged.origins.input_of("usr/bin/a"), merged.origins.input_of("usr/bin/b")), (0, 1));
    assert_eq!(merged.origins.input_of("usr/bin"), 0);
    Ok(())
}

#[test]
fn a_directory_over_a_symbolic_link_is_refused() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let base = store(&cas, &PathMap::from([("lib".to_owned(), Leaf::Symlink("usr/lib".to_owned()))]))?;
    let top = store(&cas, &PathMap::from([("lib/x".to_owned(), Leaf::File(1, false))]))?;
    let error = cas
        .merge(&[MergeInput::whole(base), MergeInput::whole(top)])
        .expect_err("BuildStream refuses it too");
    assert_eq!(error.reason(), "cas-collision");
    assert!(error.to_string().contains("/lib, where there is a symbolic link"), "{error}");
    Ok(())
}

/// A tree from paths: `->x` is a symbolic link to x, `#!x` an executable, an empty text a directory.
fn tree(cas: &Cas, paths: &[(&str, &str)]) -> Result<Digest> {
    let mut builder = TreeBuilder::new();
    for (path, text) in paths {
        match text.strip_prefix("->") {
            Some(target) => builder.add_symlink(path, target)?,
            None if text.is_empty() => builder.add_directory(path)?,
            None => builder.add_file(path, cas.put_bytes(text.as_bytes())?, text.starts_with("#!"))?,
        }
    }
    builder.store(cas)
}

const BASE: &[(&str, &str)] = &[
    ("bin", "->usr/bin"),
    ("usr/bin/sh", "#!sh"),
    ("usr/bin/cc", "#!cc"),
    ("usr/lib/a/one", "1"),
    ("usr/share", ""),
    ("var/empty", ""),
    ("etc/conf", "base"),
    ("usr/lib/full/x", "x"),
];
const TOP: &[(&str, &str)] = &[
    ("usr/bin/cc", "->clang"),
    ("usr/bin/new", "#!new"),
    ("var/empty", "a file"),
    ("usr/lib/full", "lost"),
    ("etc/conf", "top"),
    ("opt/only/top", "t"),
];
const SPLIT: &[(&str, &str)] = &[
    ("usr/include/h.h", "h"),
    ("usr/bin/tool", "#!tool"),
    ("usr/share/doc/skip", "s"),
    ("usr/share/man/page", "p"),
    ("gone/deep/file", "g"),
    ("kept", ""),
];
const SOURCES: &[(&str, &str)] = &[("main.c", "int main;"), ("sub/util.c", "u")];

/// Digests and lists computed once by BuildStream 2.8.1's `CasBasedDirectory` from the same trees.
#[test]
fn agrees_with_buildstream() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let filter = |path: &str| {
        path != "usr/bin/tool" && !path.split('/').any(|name| ["doc", "gone", "deep"].contains(&name))
    };
    let merged = cas.merge(&[
        MergeInput::whole(tree(&cas, BASE)?),
        MergeInput::whole(tree(&cas, TOP)?),
        MergeInput { filter: Some(&filter), ..MergeInput::whole(tree(&cas, SPLIT)?) },
        MergeInput { location: "/buildstream/p/e.bst", ..MergeInput::whole(tree(&cas, SOURCES)?) },
    ])?;
    assert_eq!(
        merged.root.to_string(),
        "78ecc975efb774441324b90aa0e7afa35da00f8643f9b0ff262b6d335128c5b0/486"
    );
    let overlaps: Vec<_> = merged.overlaps.keys().map(String::as_str).collect();
    assert_eq!(overlaps, ["etc/conf", "usr/bin/cc", "var/empty"]);
    assert_eq!(merged.overlaps["usr/bin/cc"], [0, 1]);
    assert_eq!(merged.ignored, [(1, "usr/lib/full".to_owned())]);
    Ok(())
}

#[test]
fn an_input_costs_the_same_whatever_came_before() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let mut builder = TreeBuilder::new();
    for name in ["usr/bin/a", "usr/lib/b", "c"] {
        builder.add_file(name, Digest::of(name.as_bytes()), false)?;
    }
    let tree = builder.store(&cas)?;
    let mut merger = TreeMerger::new(&cas);
    let mut costs = vec![];
    for number in 0..3000 {
        let before = merger.entries_read;
        let location = format!("{}/{number}", number % 50);
        merger.add(&MergeInput { root: tree, location: &location, filter: None })?;
        // Merging the tree over itself overlaps in every folder.
        merger.add(&MergeInput { root: tree, location: "same", filter: None })?;
        assert_eq!(merger.subtree("same/usr")?, cas.subtree(&tree, "usr")?);
        costs.push(merger.entries_read - before);
    }
    assert!(costs.iter().all(|cost| *cost <= 20), "{:?}", costs.iter().max());
    let noticed = merger.take_overlap_report();
    assert_eq!(noticed.overlaps.len(), 3);
    let layers = &noticed.overlaps["same/usr/bin/a"];
    assert_eq!(
        (layers.len(), layers[0], layers[layers.len() - 1]),
        (super::input_merger::MAX_OVERLAPS, 1, 5999)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn merging_one_by_one_is_merging_at_once(samples in prop::collection::vec(arbitrary_input(), 0..5)) {
        let folder = tempfile::tempdir()?;
        let cas = Cas::open(folder.path())?;
        let roots = samples.iter().map(|sample| store(&cas, &sample.paths)).collect::<Result<Vec<_>>>()?;
        let layers: Vec<_> = roots
            .iter()
            .zip(&samples)
            .map(|(root, sample)| MergeInput { root: *root, location: sample.location, filter: None })
            .collect();
        let mut merger = TreeMerger::new(&cas);
        for (number, layer) in layers.iter().enumerate() {
            let whole = cas.merge(&layers[..=number]);
            prop_assert_eq!(merger.add(layer).is_ok(), whole.is_ok());
            let Ok(whole) = whole else { break };
            for path in ["", "a", "lib/b", "c/a", "bin"] {
                prop_assert_eq!(merger.subtree(path)?, cas.subtree(&whole.root, path)?);
                if cas.lookup(&whole.root, path)?.is_some() {
                    prop_assert_eq!(merger.input_of(path), whole.origins.input_of(path));
                }
            }
            prop_assert_eq!(merger.root()?, whole.root);
            prop_assert_eq!(merger.contributions()?, &whole.contributions[..]);
        }
    }
}
