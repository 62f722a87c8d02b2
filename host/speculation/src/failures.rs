//! What goes wrong in the known prototype, and does not here: one test each, named as in `docs/speculation.md`.

use std::collections::HashMap;
use std::sync::Arc;

use spec_model::Digest;

use crate::prime::{Adapted, Board, Budget, Command};
use crate::record::{Input, NameId, Origin, PlatformTree, Record, RecordedAction, RecordedOutput};
use crate::testing::Store;
use crate::*;

/// A record under construction.
pub(crate) struct Draft<'a> {
    pub(crate) store: &'a Store,
    pub(crate) record: Record,
}

impl<'a> Draft<'a> {
    pub(crate) fn of(store: &'a Store, element: &str) -> Self {
        Self { store, record: Record::of(element) }
    }

    /// `PATH=TEXT`, or `PATH*=TEXT` for an executable, from `source ELEMENT:PATH`, `artifact ELEMENT:PATH` or `action
    /// ELEMENT:PATH` of `base`.
    pub(crate) fn input(&mut self, entry: &str, origins: &[(&str, Option<Digest>)]) {
        let (path, text) = entry.split_once('=').expect("PATH=TEXT");
        let origins = origins.iter().map(|(origin, base)| {
            let (kind, place) = origin.split_once(' ').expect("KIND ELEMENT:PATH");
            let (element, path) = place.rsplit_once(':').expect("ELEMENT:PATH");
            let (element, path) = (self.record.name_id(element), self.record.paths.add(path));
            match (kind, base) {
                ("source", _) => Origin::Source { element, path },
                ("artifact", _) => Origin::Artifact { element, path },
                (_, Some(base)) => Origin::Action { element, base: *base, path },
                _ => panic!("an action has a base"),
            }
        });
        let origins = origins.collect();
        let name = path.trim_end_matches('*');
        let seen = Content::File { digest: self.store.blob(text), executable: name != path };
        let input = Input { path: self.record.paths.add(name), seen, origins };
        self.record.inputs.push(input);
    }

    /// An action with these inputs and outputs, `PATH=TEXT`.
    pub(crate) fn action(&mut self, words: &str, inputs: &[&str], outputs: &[&str]) -> Digest {
        let base = self.store.action(words, &self.store.tree(inputs));
        let output = |entry: &&str| {
            let (path, text) = entry.split_once('=').expect("PATH=TEXT");
            let path = self.record.paths.add(path);
            RecordedOutput { path, digest: self.store.blob(text), executable: false }
        };
        let outputs = outputs.iter().map(output).collect();
        let (took_ms, cpu_ms, hits, misses) = (10, 10, 0, 0);
        self.record.actions.push(RecordedAction {
            base,
            outputs,
            platforms: vec![],
            took_ms,
            cpu_ms,
            hits,
            misses,
        });
        base
    }

    pub(crate) fn expand(&self) -> Arc<Expanded> {
        Arc::new(Expanded::of(&self.store.cas, self.record.clone()).expect("the store works"))
    }
}

/// Tells what is in the artifact of an element.
pub(crate) fn build(resolver: &mut Resolver, store: &Store, element: &str, entries: &[&str]) -> Woken {
    let fact = Fact::Artifact(resolver.element(element));
    let tree = store.tree(entries);
    let found = look_up(&store.cas, &tree, &resolver.wanted(fact)).expect("the store works");
    resolver.learn(found)
}

/// An element with one action that reads headers of two dependencies.
fn two_dependencies(store: &Store) -> Resolver {
    let mut app = Draft::of(store, "app.bst");
    app.input("usr/include/a.h=a", &[("artifact a.bst:usr/include/a.h", None)]);
    app.input("usr/include/b.h=b", &[("artifact b.bst:usr/include/b.h", None)]);
    app.action("cc -c main.c", &["usr/include/a.h=a", "usr/include/b.h=b"], &["main.o=o"]);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    resolver
}

const MAIN: ActionId = ActionId(0);

#[test]
fn failure_1_unresolved_is_not_unchanged() {
    let store = Store::new();
    let mut resolver = two_dependencies(&store);
    let Verdict::Pending(facts) = resolver.verdict(MAIN) else { panic!("nothing is known yet") };
    assert_eq!(facts.len(), 2);
    assert_eq!(build(&mut resolver, &store, "a.bst", &["usr/include/a.h=new"]), Woken::from([MAIN]));
    let b = resolver.element("b.bst");
    assert_eq!(resolver.verdict(MAIN), Verdict::Pending(vec![Fact::Artifact(b)]));
    assert_eq!(build(&mut resolver, &store, "b.bst", &["usr/include/b.h=b"]), Woken::from([MAIN]));
    assert_eq!(resolver.verdict(MAIN), Verdict::Adapted);
    assert!(build(&mut resolver, &store, "other.bst", &["x=1"]).is_empty(), "nobody waits for it");
}

#[test]
fn failure_2_nothing_half_adapted_is_instantiated() {
    let store = Store::new();
    let mut resolver = two_dependencies(&store);
    let place = |resolver: &mut Resolver, name: &str| {
        let fact = Fact::Artifact(resolver.element(name));
        resolver.wanted(fact)[0].0
    };
    let (a, b) = (place(&mut resolver, "a.bst"), place(&mut resolver, "b.bst"));
    let new = |text| Some(Content::File { digest: store.blob(text), executable: false });
    let mut board = Board::new(resolver, PrimingSlot::default(), Budget::default(), HashMap::new());
    assert_eq!(board.start(), []);
    assert_eq!(board.learned(vec![(a, new("a2"))]), []);
    let commands = board.learned(vec![(b, new("b2"))]);
    let [Command::Adapt { adaptation, .. }] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(adaptation.inputs.len(), 2);
}

#[test]
fn failure_3_equal_bytes_are_told_apart_by_path() {
    let store = Store::new();
    let mut app = Draft::of(&store, "app.bst");
    app.input("src/own.h=same", &[("source app.bst:own.h", None)]);
    app.input("usr/include/dep.h=same", &[("artifact dep.bst:usr/include/dep.h", None)]);
    let base = app.action("cc -c main.c", &["src/own.h=same", "usr/include/dep.h=same"], &[]);
    let mut resolver = Resolver::default();
    let element = resolver.register(app.expand());
    let sources = store.tree(&["own.h=same"]);
    let found =
        look_up(&store.cas, &sources, &resolver.wanted(Fact::Sources(element))).expect("the store works");
    resolver.learn(found);
    build(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=new"]);
    let adapted =
        Instantiator::new(&store.cas).adapt(&base, &resolver.adaptation(MAIN)).expect("it can be adapted");
    let expected = store.tree(&["src/own.h=same", "usr/include/dep.h=new"]);
    assert!(matches!(adapted, Instantiated::Adapted { input_root, .. } if input_root == expected));
}

#[test]
fn failure_4_origins_that_point_at_themselves_end() {
    let store = Store::new();
    let mut app = Draft::of(&store, "app.bst");
    // Each reads what the other wrote: a record that lies.
    let base = |words| store.action(words, &store.tree(&["src/a=1", "src/b=1"]));
    let (first, second) = (base("first"), base("second"));
    app.action("first", &["src/a=1", "src/b=1"], &["a=1"]);
    app.action("second", &["src/a=1", "src/b=1"], &["b=1"]);
    app.input("src/a=1", &[("action app.bst:a", Some(first))]);
    app.input("src/b=1", &[("action app.bst:b", Some(second))]);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    for action in resolver.actions() {
        assert_eq!(resolver.verdict(action), Verdict::Impossible(Impossible::InputGone));
    }
}

#[test]
fn failure_5_the_whole_closure_is_attributed() {
    let store = Store::new();
    let layer = |entries: &[&str], location: &str, element: &str, kind| StagedLayer {
        tree: store.tree(entries),
        location: location.to_owned(),
        element: element.to_owned(),
        kind,
    };
    let layers = vec![
        layer(&["usr/include/deep.h=d"], "/", "indirect.bst", LayerKind::Artifact),
        layer(&["usr/include/dep.h=1"], "/", "direct.bst", LayerKind::Artifact),
    ];
    let staging = Staging::new(&store.cas, layers).expect("the trees fit");
    let deep = staging.at("usr/include/deep.h").expect("the store works").expect("it is staged");
    assert_eq!((deep.layer.element.as_str(), deep.path.as_str()), ("indirect.bst", "usr/include/deep.h"));
}

#[test]
fn failure_6_platforms_are_adapted() {
    let store = Store::new();
    let (old, new) = (store.tree(&["usr/bin/cc=1"]), store.tree(&["usr/bin/cc=2"]));
    let action = |tree: &Digest| {
        let platform = [("chrootRootDigest", &*tree.to_string())];
        store.action_on("cc -c main.c", &store.tree(&["src/main.c=m"]), &platform, "src")
    };
    let mut app = Draft::of(&store, "app.bst");
    let base = app.record.name_id("base.bst");
    app.record.platforms.push(PlatformTree { digest: old, elements: vec![base] });
    app.input("src/main.c=m", &[]);
    let (took_ms, cpu_ms, hits, misses) = (0, 0, 0, 0);
    let recorded = RecordedAction {
        base: action(&old),
        outputs: vec![],
        platforms: vec![0],
        took_ms,
        cpu_ms,
        hits,
        misses,
    };
    app.record.actions.push(recorded);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    let tree = resolver.trees().next().expect("it has a tree").0;
    assert_eq!(resolver.verdict(MAIN), Verdict::Pending(vec![Fact::Tree(tree)]));
    assert_eq!(resolver.tree(tree, Some(new)), Woken::from([MAIN]));
    let adapted = Instantiator::new(&store.cas).adapt(&action(&old), &resolver.adaptation(MAIN));
    let expected = action(&new);
    assert!(matches!(adapted, Ok(Instantiated::Adapted { action, .. }) if action == expected), "{adapted:?}");
    resolver.tree(tree, Some(old));
    assert_eq!(resolver.verdict(MAIN), Verdict::Unchanged);
}

#[test]
fn failure_7_a_record_is_not_lost() {
    let store = Store::new();
    let staging = Staging::new(&store.cas, vec![]).expect("nothing fits");
    let subactions = [store.answered(store.action("cc", &store.tree(&["src/main.c=m"])), &["main.o=o"])];
    let nothing: [spec_model::Subaction; 0] = [];
    let old = Draft::of(&store, "app.bst").record.store(&store.cas).expect("the store takes it");
    let made = |mode, succeeded, subactions, previous| {
        let build = Build {
            element: "app.bst",
            staging: &staging,
            folders: &[],
            platforms: &[],
            dependencies: &[],
            subactions,
            ends: &[],
            artifact: None,
        };
        generate(&store.cas, &build, mode, succeeded, previous, &OverlaySlot::default())
            .expect("the store works")
    };
    let carried = Generated::Carried(old);
    assert_eq!(made(Mode::Full, false, &subactions[..], Some(old)), carried, "a failed build");
    assert_eq!(made(Mode::PrimeOnly, true, &subactions[..], Some(old)), carried, "prime-only");
    assert_eq!(made(Mode::Full, true, &nothing[..], Some(old)), carried, "nothing asked for");
    // All were hits, and are recorded all the same.
    let Generated::New { digest, .. } = made(Mode::Full, true, &subactions[..], Some(old)) else { panic!() };
    assert_ne!(digest, old);
    assert_eq!(made(Mode::Full, false, &nothing[..], None), Generated::Nothing);
}

#[test]
fn failure_8_two_passes_share_one_owner() {
    let store = Store::new();
    let resolver = two_dependencies(&store);
    let mut board = Board::new(resolver, PrimingSlot::default(), Budget::default(), HashMap::new());
    board.start();
    // The answer to what was predicted before is not taken for what is predicted now.
    assert_eq!(
        board.adapted(MAIN, 0, Adapted::Action { digest: Digest::of(b"stale"), command: Digest::of(b"") }),
        []
    );
    assert!(matches!(board.bucket(MAIN), Bucket::Pending(Awaited::Artifact)));
}

#[test]
fn failure_9_elements_of_two_projects_are_two() {
    let store = Store::new();
    let mut app = Draft::of(&store, "app.bst");
    app.input("usr/include/x.h=1", &[("artifact sub.bst:dep.bst:usr/include/x.h", None)]);
    app.action("cc", &["usr/include/x.h=1"], &[]);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    assert!(build(&mut resolver, &store, "dep.bst", &["usr/include/x.h=2"]).is_empty());
    assert_eq!(build(&mut resolver, &store, "sub.bst:dep.bst", &["usr/include/x.h=2"]), Woken::from([MAIN]));
}

#[test]
fn failure_10_what_was_never_sent_is_not_primed() {
    let store = Store::new();
    let mut resolver = two_dependencies(&store);
    let app = resolver.element("app.bst");
    let mut board = Board::new(resolver, PrimingSlot::default(), Budget::default(), HashMap::new());
    board.start();
    board.element_ended(app);
    let account = board.account();
    assert_eq!((account.recorded(), account.primed(), account.sent), (1, 0, 0));
    assert_eq!(account.count(Bucket::Pending(Awaited::Artifact)), 1);
    assert_eq!(NameId::SELF, NameId(0));
}
