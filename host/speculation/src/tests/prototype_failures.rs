//! One test for each fault of the BuildStream prototype, which this crate must not have; numbered as in
//! `docs/speculation.md`.

use std::collections::HashMap;

use spec_model::{Digest, StagedLayer, StagedLayerKind};
use spec_strategy::NoFacts;

use crate::priming::{AdaptResult, Budget, PrimingEffect, PrimingState};
use crate::record::{ElementIndex, PlatformTree, RecordedAction};
use crate::resolve::{Invalidated, Prediction};
use crate::testing::{RecordDraft, Store, artifact_known};
use crate::*;

/// An element with one action that reads headers of two dependencies.
fn two_dependencies(store: &Store) -> Resolver {
    let mut app = RecordDraft::of(store, "app.bst");
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
    let Prediction::Pending(facts) = resolver.prediction(MAIN) else { panic!("nothing is known yet") };
    assert_eq!(facts.len(), 2);
    assert_eq!(
        artifact_known(&mut resolver, &store, "a.bst", &["usr/include/a.h=new"]),
        Invalidated::from([MAIN])
    );
    let b = resolver.element_id("b.bst");
    assert_eq!(resolver.prediction(MAIN), Prediction::Pending(vec![Fact::Artifact(b)]));
    assert_eq!(
        artifact_known(&mut resolver, &store, "b.bst", &["usr/include/b.h=b"]),
        Invalidated::from([MAIN])
    );
    assert_eq!(resolver.prediction(MAIN), Prediction::Adapted);
    assert!(artifact_known(&mut resolver, &store, "other.bst", &["x=1"]).is_empty(), "nobody waits for it");
}

#[test]
fn failure_2_nothing_half_adapted_is_instantiated() {
    let store = Store::new();
    let mut resolver = two_dependencies(&store);
    let origin = |resolver: &mut Resolver, name: &str| {
        let fact = Fact::Artifact(resolver.element_id(name));
        resolver.wanted_paths(fact)[0].0
    };
    let (a, b) = (origin(&mut resolver, "a.bst"), origin(&mut resolver, "b.bst"));
    let new = |text| Some(Content::File { digest: store.blob(text), executable: false });
    let mut priming =
        PrimingState::new(resolver, GuardedPrimingPolicy::default(), Budget::default(), HashMap::new());
    assert_eq!(priming.start(), []);
    assert_eq!(priming.origins_known(vec![(a, new("a2"))]), []);
    let effects = priming.origins_known(vec![(b, new("b2"))]);
    let [PrimingEffect::Adapt { adaptation, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(adaptation.inputs.len(), 2);
}

#[test]
fn failure_3_equal_bytes_are_told_apart_by_path() {
    let store = Store::new();
    let mut app = RecordDraft::of(&store, "app.bst");
    app.input("src/own.h=same", &[("source app.bst:own.h", None)]);
    app.input("usr/include/dep.h=same", &[("artifact dep.bst:usr/include/dep.h", None)]);
    let base = app.action("cc -c main.c", &["src/own.h=same", "usr/include/dep.h=same"], &[]);
    let mut resolver = Resolver::default();
    let element = resolver.register(app.expand());
    let sources = store.tree(&["own.h=same"]);
    let found = look_up(&store.cas, &sources, &resolver.wanted_paths(Fact::Sources(element)))
        .expect("the store works");
    resolver.set_origins(found);
    artifact_known(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=new"]);
    let adapted =
        Instantiator::new(&store.cas).adapt(&base, &resolver.adaptation(MAIN)).expect("it can be adapted");
    let expected = store.tree(&["src/own.h=same", "usr/include/dep.h=new"]);
    assert!(matches!(adapted, Instantiated::Adapted { input_root, .. } if input_root == expected));
}

#[test]
fn failure_4_origins_that_point_at_themselves_end() {
    let store = Store::new();
    let mut app = RecordDraft::of(&store, "app.bst");
    // Each reads what the other wrote, which is impossible: the record is wrong.
    let base = |words| store.action(words, &store.tree(&["src/a=1", "src/b=1"]));
    let (first, second) = (base("first"), base("second"));
    app.action("first", &["src/a=1", "src/b=1"], &["a=1"]);
    app.action("second", &["src/a=1", "src/b=1"], &["b=1"]);
    app.input("src/a=1", &[("action app.bst:a", Some(first))]);
    app.input("src/b=1", &[("action app.bst:b", Some(second))]);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    for action in resolver.actions() {
        assert_eq!(resolver.prediction(action), Prediction::Impossible(ImpossibleCause::InputGone));
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
        layer(&["usr/include/deep.h=d"], "/", "indirect.bst", StagedLayerKind::Artifact { record: None }),
        layer(&["usr/include/dep.h=1"], "/", "direct.bst", StagedLayerKind::Artifact { record: None }),
    ];
    let staging = StagedRoot::new(&store.cas, layers).expect("the trees fit");
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
    let mut app = RecordDraft::of(&store, "app.bst");
    let base = app.record.element_index("base.bst");
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
        earlier: vec![],
    };
    app.record.actions.push(recorded);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    let tree = resolver.trees().next().expect("it has a tree").0;
    assert_eq!(resolver.prediction(MAIN), Prediction::Pending(vec![Fact::Tree(tree)]));
    assert_eq!(resolver.set_tree(tree, Some(new)), Invalidated::from([MAIN]));
    let adapted = Instantiator::new(&store.cas).adapt(&action(&old), &resolver.adaptation(MAIN));
    let expected = action(&new);
    assert!(matches!(adapted, Ok(Instantiated::Adapted { action, .. }) if action == expected), "{adapted:?}");
    resolver.set_tree(tree, Some(old));
    assert_eq!(resolver.prediction(MAIN), Prediction::Unchanged);
}

#[test]
fn failure_7_a_record_is_not_lost() {
    let store = Store::new();
    let staging = StagedRoot::new(&store.cas, vec![]).expect("nothing fits");
    let subactions = [store.answered(store.action("cc", &store.tree(&["src/main.c=m"])), &["main.o=o"])];
    let nothing: [spec_model::Subaction; 0] = [];
    let old = RecordDraft::of(&store, "app.bst")
        .record
        .store(&store.cas, RecordFormat::Compact)
        .expect("the store takes it");
    let made = |mode, succeeded, subactions, previous| {
        let build = ElementBuild {
            element: "app.bst",
            staging: &staging,
            folders: &[],
            platforms: &[],
            dependencies: &[],
            subactions,
            predictions: &[],
            artifact: None,
        };
        let policy = GuardedOverlayPolicy::default();
        let options = GenerateOptions {
            mode,
            format: RecordFormat::Compact,
            shared: false,
            policy: &policy,
            policies: &[],
            facts: &NoFacts,
        };
        generate_record(&store.cas, &build, options, succeeded, previous).expect("the store works")
    };
    let carried = GeneratedRecord::Carried(old);
    assert_eq!(made(SpeculationMode::Full, false, &subactions[..], Some(old)), carried, "a failed build");
    assert_eq!(made(SpeculationMode::PrimeOnly, true, &subactions[..], Some(old)), carried, "prime-only");
    assert_eq!(made(SpeculationMode::Full, true, &nothing[..], Some(old)), carried, "nothing requested");
    // All requests were answered from the cache, and are recorded all the same.
    let GeneratedRecord::New { digest, .. } = made(SpeculationMode::Full, true, &subactions[..], Some(old))
    else {
        panic!()
    };
    assert_ne!(digest, old);
    assert_eq!(made(SpeculationMode::Full, false, &nothing[..], None), GeneratedRecord::Nothing);
}

#[test]
fn failure_8_two_passes_share_one_owner() {
    let store = Store::new();
    let resolver = two_dependencies(&store);
    let mut priming =
        PrimingState::new(resolver, GuardedPrimingPolicy::default(), Budget::default(), HashMap::new());
    priming.start();
    // The answer of an earlier prediction is not used for the current one.
    assert_eq!(
        priming.action_adapted(
            MAIN,
            0,
            AdaptResult::Action { digest: Digest::of(b"stale"), command: Digest::of(b"") }
        ),
        []
    );
    assert!(matches!(priming.bucket(MAIN), Bucket::Pending(PendingOn::Artifact)));
}

#[test]
fn failure_9_elements_of_two_projects_are_two() {
    let store = Store::new();
    let mut app = RecordDraft::of(&store, "app.bst");
    app.input("usr/include/x.h=1", &[("artifact sub.bst:dep.bst:usr/include/x.h", None)]);
    app.action("cc", &["usr/include/x.h=1"], &[]);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    assert!(artifact_known(&mut resolver, &store, "dep.bst", &["usr/include/x.h=2"]).is_empty());
    assert_eq!(
        artifact_known(&mut resolver, &store, "sub.bst:dep.bst", &["usr/include/x.h=2"]),
        Invalidated::from([MAIN])
    );
}

#[test]
fn failure_10_what_was_never_sent_is_not_primed() {
    let store = Store::new();
    let mut resolver = two_dependencies(&store);
    let app = resolver.element_id("app.bst");
    let mut priming =
        PrimingState::new(resolver, GuardedPrimingPolicy::default(), Budget::default(), HashMap::new());
    priming.start();
    priming.element_ended(app);
    let totals = priming.totals();
    assert_eq!((totals.recorded(), totals.primed(), totals.sent), (1, 0, 0));
    assert_eq!(totals.count(Bucket::Pending(PendingOn::Artifact)), 1);
    assert_eq!(ElementIndex::SELF, ElementIndex(0));
}
