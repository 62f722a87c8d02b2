use std::collections::BTreeMap;

use proptest::prelude::*;
use spec_cas::TreeBuilder;
use spec_model::UserError;

use super::*;
use crate::testing::Store;

fn file(store: &Store, text: &str) -> Content {
    Content::File { digest: store.blob(text), executable: false }
}

/// The root of the action that `base` becomes.
fn root_of(store: &Store, base: &Digest, adaptation: &Adaptation) -> Digest {
    let mut instantiator = Instantiator::new(&store.cas);
    let adapted = instantiator.adapt(base, adaptation).expect("it can be adapted");
    instantiator.finish().expect("the store takes it");
    match adapted {
        Instantiated::Unchanged => {
            message::action(&store.cas, base).and_then(|a| a.input_root(base)).expect("a root")
        }
        Instantiated::Adapted { action, input_root, .. } => {
            let stored = message::action(&store.cas, &action).and_then(|a| a.input_root(&action));
            assert_eq!(stored.expect("it is stored"), input_root);
            input_root
        }
    }
}

fn inputs(changes: Vec<(&str, Option<Content>)>) -> Adaptation {
    let inputs = changes.into_iter().map(|(path, content)| (path.to_owned(), content)).collect();
    Adaptation { inputs, trees: Vec::new() }
}

#[test]
fn what_is_replaced_by_path_is_the_tree_built_anew() {
    let store = Store::new();
    let old =
        ["src/main.c=m", "usr/include/dep.h=1", "usr/include/same.h=1", "usr/bin/cc*=c", "lib -> usr/lib"];
    let base = store.action("cc -c main.c", &store.tree(&old));
    let executable = Content::File { digest: store.blob("c"), executable: false };
    for (changes, new) in [
        (vec![("usr/include/dep.h", Some(file(&store, "2")))], &["usr/include/dep.h=2"][..]),
        (vec![("usr/bin/cc", Some(executable))], &["usr/bin/cc=c"]),
        (vec![("lib", Some(Content::Symlink("usr/lib64".to_owned())))], &["lib -> usr/lib64"]),
        (vec![("lib", Some(file(&store, "f")))], &["lib=f"]),
        (vec![("usr/include/new/a.h", Some(file(&store, "a")))], &["usr/include/new/a.h=a"]),
        (vec![("src/main.c", None)], &["-src/main.c"]),
    ] {
        let mut expected: BTreeMap<&str, &str> = old.iter().map(|entry| (name(entry), *entry)).collect();
        for entry in new {
            match entry.strip_prefix('-') {
                Some(gone) => _ = expected.remove(gone),
                None => _ = expected.insert(name(entry), entry),
            }
        }
        let expected = store.tree(&expected.into_values().collect::<Vec<_>>());
        assert_eq!(root_of(&store, &base, &inputs(changes)), expected, "{new:?}");
    }
}

fn name(entry: &str) -> &str {
    entry.split(['=', '*', ' ']).next().unwrap_or_default()
}

#[test]
fn nothing_different_is_the_base_action() {
    let store = Store::new();
    let base = store.action("cc -c main.c", &store.tree(&["src/main.c=m"]));
    let same = inputs(vec![("src/main.c", Some(file(&store, "m"))), ("src/gone.c", None)]);
    let mut instantiator = Instantiator::new(&store.cas);
    assert_eq!(instantiator.adapt(&base, &same).ok(), Some(Instantiated::Unchanged));
}

#[test]
fn a_tree_of_dependencies_is_replaced_wherever_it_is_named() {
    let store = Store::new();
    let (old, new) = (store.tree(&["a=1"]), store.tree(&["a=2"]));
    let root = store.tree(&["src/main.c=m"]);
    let action = |tree: &Digest| {
        let platform = [("ISA", "x86-64"), ("chrootRootDigest", &*tree.to_string())];
        store.action_on(&format!("cc --root={tree} main.c"), &root, &platform, "src")
    };
    let (base, expected) = (action(&old), action(&new));
    let mut instantiator = Instantiator::new(&store.cas);
    let adapted = instantiator.adapt(&base, &Adaptation { inputs: Vec::new(), trees: vec![(old, new)] });
    assert!(matches!(adapted, Ok(Instantiated::Adapted { action, .. }) if action == expected), "{adapted:?}");
}

#[test]
fn what_cannot_be_made_is_refused() {
    let store = Store::new();
    let base = store.action("cc", &store.tree(&["src/main.c=m"]));
    let unknown =
        [message::action(&store.cas, &base).expect("an action").0.encode_to_vec(), vec![0xfa, 0x3f, 1, 1]];
    let unknown = store.cas.put_bytes(&unknown.concat()).expect("the store takes it");
    for (base, path, reason) in [
        (base, "src/main.c/x", "cas-collision"),
        (base, "src/../x", "cas-bad-path"),
        (Digest::of(b"nothing"), "src/main.c", "cas-missing"),
        (unknown, "src/main.c", "speculation-bad-action"),
    ] {
        let adaptation = inputs(vec![(path, Some(file(&store, "x")))]);
        let refused = Instantiator::new(&store.cas).adapt(&base, &adaptation);
        assert_eq!(refused.map_err(|error| error.reason().to_owned()), Err(reason.to_owned()), "{path}");
    }
}

/// Files whose paths are not prefixes of each other.
fn any_files() -> impl Strategy<Value = BTreeMap<String, u8>> {
    let path = prop::collection::vec("[ab]", 1..4).prop_map(|names| names.join("/") + ".f");
    prop::collection::btree_map(path, any::<u8>(), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn adapting_by_path_equals_building_anew(old in any_files(), new in any_files()) {
        let store = Store::new();
        let tree = |files: &BTreeMap<String, u8>| {
            let mut builder = TreeBuilder::new();
            for (path, byte) in files {
                builder.add_file(path, store.blob(&byte.to_string()), byte.is_multiple_of(2)).expect("a good path");
            }
            builder.store(&store.cas).expect("the store takes it")
        };
        let gone = old.keys().filter(|path| !new.contains_key(*path)).map(|path| (path.clone(), None));
        let content = |byte: &u8| Content::File { digest: store.blob(&byte.to_string()), executable: byte.is_multiple_of(2) };
        let come = new.iter().map(|(path, byte)| (path.clone(), Some(content(byte))));
        let adaptation = Adaptation { inputs: gone.chain(come).collect(), trees: Vec::new() };
        prop_assert_eq!(root_of(&store, &store.action("cc", &tree(&old)), &adaptation), tree(&new));
    }
}
