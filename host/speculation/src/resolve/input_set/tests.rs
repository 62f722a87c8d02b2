use std::collections::{BTreeSet, HashMap};

use spec_model::Digest;
use spec_strategy::{
    BuiltInOverlayPolicy, ChangedFile, Choice, InputAlternatives, InputOrigins, OverlayFacts, OverlayPolicy,
    OverlayWants, PolicyError, Proposal, SetEdit,
};

use super::*;
use crate::guarded_policy::GuardedOverlayPolicy;
use crate::resolve::{Fact, Prediction};
use crate::testing::{RecordDraft, Store};
use crate::{InputId, look_up};

const MAIN: ActionId = ActionId(0);

/// Scans for `include NAME;`.
struct Includes;

fn includes(text: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(text).into_owned();
    let names = text.split(';').filter_map(|line| line.strip_prefix("include "));
    names.map(str::to_owned).collect()
}

impl OverlayPolicy for Includes {
    fn select(
        &mut self,
        inputs: &[InputOrigins],
        facts: &dyn OverlayFacts,
    ) -> Result<Vec<Vec<u8>>, PolicyError> {
        BuiltInOverlayPolicy.select(inputs, facts)
    }

    fn choose(
        &mut self,
        inputs: &[InputAlternatives],
        facts: &dyn OverlayFacts,
    ) -> Result<Vec<Choice>, PolicyError> {
        BuiltInOverlayPolicy.choose(inputs, facts)
    }

    fn wants(&self) -> OverlayWants {
        OverlayWants { propose: true, ..OverlayWants::default() }
    }

    fn propose(&mut self, files: &[ChangedFile], _: &dyn OverlayFacts) -> Result<Vec<Proposal>, PolicyError> {
        let mut proposals = Vec::new();
        for (number, file) in (0..).zip(files) {
            let (before, after) = (includes(&file.before), includes(&file.after));
            let add = after.difference(&before).map(|name| SetEdit::Add { name: name.clone() });
            let remove = before.difference(&after).map(|name| SetEdit::Remove { name: name.clone() });
            proposals.extend(add.chain(remove).map(|edit| Proposal { file: number, edit }));
        }
        Ok(proposals)
    }
}

/// The trees that are known, and the store that they are in.
struct KnownTrees<'a> {
    store: &'a Store,
    trees: HashMap<Fact, Option<Digest>>,
}

impl ContentLookup for KnownTrees<'_> {
    fn content_at(&self, fact: Fact, path: &str) -> Option<Option<Content>> {
        let tree = self.trees.get(&fact)?;
        Some(tree.and_then(|tree| crate::content_at(&self.store.cas, &tree, path).expect("the store works")))
    }

    fn text(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.store.cas.get(digest).ok()
    }
}

impl KnownTrees<'_> {
    /// Tells the resolver a fact, and has it scan what follows.
    fn tell(&mut self, resolver: &mut Resolver, fact: Fact, entries: &[&str]) -> Invalidated {
        let tree = self.store.tree(entries);
        self.trees.insert(fact, Some(tree));
        let found = look_up(&self.store.cas, &tree, &resolver.wanted_paths(fact)).expect("the store works");
        let mut invalidated = resolver.set_origins(found);
        invalidated.extend(resolver.scan(self));
        invalidated
    }
}

/// A compile that reads headers of `dep.bst`, and a session in which `dep.bst`'s artifact is to be told.
fn app(store: &Store, inputs: &[&str]) -> (Resolver, ElementId) {
    let mut app = RecordDraft::of(store, "app.bst");
    app.input("b/main.c=include a.h;", &[]);
    for input in inputs {
        let path = input.split_once('=').expect("PATH=TEXT").0;
        app.input(input, &[(&format!("artifact dep.bst:{path}"), None)]);
    }
    app.action("cc -c main.c", &[&["b/main.c=include a.h;"], inputs].concat(), &["main.o=o"]);
    let mut resolver = Resolver::new(GuardedOverlayPolicy::new(Box::new(Includes)));
    let element = resolver.register(app.expand());
    let others = ["dep.bst", "other.bst"].map(|name| resolver.element_id(name));
    resolver.set_closure(element, others.to_vec());
    (resolver, others[0])
}

fn known_trees(store: &Store) -> KnownTrees<'_> {
    KnownTrees { store, trees: HashMap::new() }
}

/// The inputs of an adaptation, sorted: `PATH=TEXT`, and `-PATH` for removed ones.
fn changes(store: &Store, resolver: &Resolver) -> Vec<String> {
    let text = |content: &Content| match content {
        Content::File { digest, .. } => store.cas.get(digest).expect("it is there"),
        Content::Symlink(target) => target.clone().into_bytes(),
    };
    let change = |(path, content): &(String, Option<Content>)| match content {
        Some(content) => format!("{path}={}", String::from_utf8_lossy(&text(content))),
        None => format!("-{path}"),
    };
    let mut changes: Vec<String> = resolver.adaptation(MAIN).inputs.iter().map(change).collect();
    changes.sort_unstable();
    changes
}

#[test]
fn an_included_header_is_added_with_all_that_it_includes() {
    let store = Store::new();
    let (mut resolver, dep) = app(&store, &["inc/a.h=1"]);
    let other = resolver.element_id("other.bst");
    let mut trees = known_trees(&store);
    trees.trees.insert(Fact::Artifact(other), None);
    // They include each other in a circle, and one that does not exist.
    let tree =
        ["inc/a.h=include sub/b.h;", "inc/sub/b.h=include c.h;", "inc/sub/c.h=include a.h;include x.h;"];
    let invalidated = trees.tell(&mut resolver, Fact::Artifact(dep), &tree);
    assert_eq!((invalidated, resolver.prediction(MAIN)), (Invalidated::from([MAIN]), Prediction::Adapted));
    assert_eq!(changes(&store, &resolver), tree);
}

#[test]
fn elements_that_are_not_built_may_have_the_header() {
    let store = Store::new();
    let (mut resolver, dep) = app(&store, &["inc/a.h=1"]);
    let other = resolver.element_id("other.bst");
    let mut trees = known_trees(&store);
    trees.tell(&mut resolver, Fact::Artifact(dep), &["inc/a.h=include b.h;"]);
    assert_eq!(resolver.prediction(MAIN), Prediction::Pending(vec![Fact::Artifact(other)]));
    trees.tell(&mut resolver, Fact::Artifact(other), &["inc/b.h=b"]);
    assert_eq!(resolver.prediction(MAIN), Prediction::Adapted);
    assert_eq!(changes(&store, &resolver), ["inc/a.h=include b.h;", "inc/b.h=b"]);
    // Another prediction of the header undoes it.
    resolver.set_observed(MAIN, [(InputId(1), Content::File { digest: store.blob("2"), executable: false })]);
    resolver.scan(&trees);
    assert_eq!(changes(&store, &resolver), ["inc/a.h=2"]);
}

#[test]
fn a_header_is_removed_with_what_only_it_included() {
    let store = Store::new();
    let inputs = [
        "inc/a.h=include b.h;include c.h;",
        "inc/b.h=include d.h;include e.h;",
        "inc/c.h=include e.h;",
        "inc/d.h=d",
        "inc/e.h=e",
    ];
    let (mut resolver, dep) = app(&store, &inputs);
    let mut trees = known_trees(&store);
    let now = [&["inc/a.h=include c.h;"], &inputs[1..]].concat();
    trees.tell(&mut resolver, Fact::Artifact(dep), &now);
    assert_eq!(resolver.prediction(MAIN), Prediction::Adapted);
    assert_eq!(changes(&store, &resolver), ["-inc/b.h", "-inc/d.h", "inc/a.h=include c.h;"]);
    trees.tell(&mut resolver, Fact::Artifact(dep), &inputs);
    assert_eq!(resolver.prediction(MAIN), Prediction::Unchanged);
}

#[test]
fn a_recorded_input_is_not_added_again() {
    let store = Store::new();
    let (mut resolver, dep) = app(&store, &["inc/a.h=1", "inc/b.h=b"]);
    let mut trees = known_trees(&store);
    trees.tell(&mut resolver, Fact::Artifact(dep), &["inc/a.h=include b.h;include main.c;", "inc/b.h=b"]);
    assert_eq!(resolver.prediction(MAIN), Prediction::Adapted);
    assert_eq!(changes(&store, &resolver), ["inc/a.h=include b.h;include main.c;"]);
    // No action depends on these names.
    let other = resolver.element_id("other.bst");
    assert_eq!(trees.tell(&mut resolver, Fact::Artifact(other), &["inc/b.h=x"]), Invalidated::new());
}
