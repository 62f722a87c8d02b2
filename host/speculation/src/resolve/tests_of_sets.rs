use std::collections::{BTreeSet, HashMap};

use spec_model::Digest;
use spec_strategy::{
    ChangedFile, Choice, InputOrigins, InputStanding, OverlayPolicy, PolicyError, Proposal, SetEdit,
    StandardOverlays,
};

use super::*;
use crate::failures::Draft;
use crate::testing::Store;
use crate::{InputId, look_up};

const MAIN: ActionId = ActionId(0);

/// Reads the includes of C.
struct Includes;

fn includes(text: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(text).into_owned();
    let names = text.split(';').filter_map(|line| line.strip_prefix("include "));
    names.map(str::to_owned).collect()
}

impl OverlayPolicy for Includes {
    fn select(&mut self, inputs: &[InputOrigins]) -> Result<Vec<Vec<u8>>, PolicyError> {
        StandardOverlays.select(inputs)
    }

    fn choose(&mut self, inputs: &[InputStanding]) -> Result<Vec<Choice>, PolicyError> {
        StandardOverlays.choose(inputs)
    }

    fn scans(&self) -> bool {
        true
    }

    fn propose(&mut self, files: &[ChangedFile]) -> Result<Vec<Proposal>, PolicyError> {
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

/// What is told of, and the store behind it.
struct Eyes<'a> {
    store: &'a Store,
    trees: HashMap<Fact, Option<Digest>>,
}

impl Sight for Eyes<'_> {
    fn at(&self, fact: Fact, path: &str) -> Option<Option<Content>> {
        let tree = self.trees.get(&fact)?;
        Some(tree.and_then(|tree| crate::content_at(&self.store.cas, &tree, path).expect("the store works")))
    }

    fn read(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.store.cas.get(digest).ok()
    }
}

impl Eyes<'_> {
    /// Tells what a fact is, and has scanned what follows.
    fn tell(&mut self, resolver: &mut Resolver, fact: Fact, entries: &[&str]) -> Woken {
        let tree = self.store.tree(entries);
        self.trees.insert(fact, Some(tree));
        let found = look_up(&self.store.cas, &tree, &resolver.wanted(fact)).expect("the store works");
        let mut woken = resolver.learn(found);
        woken.extend(resolver.scan(self));
        woken
    }
}

/// A compile that reads headers of `dep.bst`, and a session in which `dep.bst`'s artifact is to be told.
fn app(store: &Store, inputs: &[&str]) -> (Resolver, ElementId) {
    let mut app = Draft::of(store, "app.bst");
    app.input("b/main.c=include a.h;", &[]);
    for input in inputs {
        let path = input.split_once('=').expect("PATH=TEXT").0;
        app.input(input, &[(&format!("artifact dep.bst:{path}"), None)]);
    }
    app.action("cc -c main.c", &[&["b/main.c=include a.h;"], inputs].concat(), &["main.o=o"]);
    let mut resolver = Resolver::new(OverlaySlot::new(Box::new(Includes)));
    let element = resolver.register(app.expand());
    let others = ["dep.bst", "other.bst"].map(|name| resolver.element(name));
    resolver.set_closure(element, others.to_vec());
    (resolver, others[0])
}

fn eyes(store: &Store) -> Eyes<'_> {
    Eyes { store, trees: HashMap::new() }
}

/// `PATH=TEXT` of what an adaptation puts, `-PATH` of what it takes away, sorted.
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
fn a_header_that_a_changed_one_includes_comes_with_all_that_it_includes() {
    let store = Store::new();
    let (mut resolver, dep) = app(&store, &["inc/a.h=1"]);
    let other = resolver.element("other.bst");
    let mut eyes = eyes(&store);
    eyes.trees.insert(Fact::Artifact(other), None);
    // Each other in a circle, and one that is nowhere.
    let tree =
        ["inc/a.h=include sub/b.h;", "inc/sub/b.h=include c.h;", "inc/sub/c.h=include a.h;include x.h;"];
    let woken = eyes.tell(&mut resolver, Fact::Artifact(dep), &tree);
    assert_eq!((woken, resolver.verdict(MAIN)), (Woken::from([MAIN]), Verdict::Adapted));
    assert_eq!(changes(&store, &resolver), tree);
}

#[test]
fn what_may_be_in_an_element_that_is_not_built_is_waited_for() {
    let store = Store::new();
    let (mut resolver, dep) = app(&store, &["inc/a.h=1"]);
    let other = resolver.element("other.bst");
    let mut eyes = eyes(&store);
    eyes.tell(&mut resolver, Fact::Artifact(dep), &["inc/a.h=include b.h;"]);
    assert_eq!(resolver.verdict(MAIN), Verdict::Pending(vec![Fact::Artifact(other)]));
    eyes.tell(&mut resolver, Fact::Artifact(other), &["inc/b.h=b"]);
    assert_eq!(resolver.verdict(MAIN), Verdict::Adapted);
    assert_eq!(changes(&store, &resolver), ["inc/a.h=include b.h;", "inc/b.h=b"]);
    // Another prediction of the header takes it back.
    resolver.correct(MAIN, [(InputId(1), Content::File { digest: store.blob("2"), executable: false })]);
    resolver.scan(&eyes);
    assert_eq!(changes(&store, &resolver), ["inc/a.h=2"]);
}

#[test]
fn a_header_goes_with_what_it_alone_included() {
    let store = Store::new();
    let inputs = [
        "inc/a.h=include b.h;include c.h;",
        "inc/b.h=include d.h;include e.h;",
        "inc/c.h=include e.h;",
        "inc/d.h=d",
        "inc/e.h=e",
    ];
    let (mut resolver, dep) = app(&store, &inputs);
    let mut eyes = eyes(&store);
    let now = [&["inc/a.h=include c.h;"], &inputs[1..]].concat();
    eyes.tell(&mut resolver, Fact::Artifact(dep), &now);
    assert_eq!(resolver.verdict(MAIN), Verdict::Adapted);
    assert_eq!(changes(&store, &resolver), ["-inc/b.h", "-inc/d.h", "inc/a.h=include c.h;"]);
    eyes.tell(&mut resolver, Fact::Artifact(dep), &inputs);
    assert_eq!(resolver.verdict(MAIN), Verdict::Unchanged);
}

#[test]
fn what_is_named_and_was_there_before_comes_not_twice() {
    let store = Store::new();
    let (mut resolver, dep) = app(&store, &["inc/a.h=1", "inc/b.h=b"]);
    let mut eyes = eyes(&store);
    eyes.tell(&mut resolver, Fact::Artifact(dep), &["inc/a.h=include b.h;include main.c;", "inc/b.h=b"]);
    assert_eq!(resolver.verdict(MAIN), Verdict::Adapted);
    assert_eq!(changes(&store, &resolver), ["inc/a.h=include b.h;include main.c;"]);
    // Nobody waits for what is learned of those names later.
    let other = resolver.element("other.bst");
    assert_eq!(eyes.tell(&mut resolver, Fact::Artifact(other), &["inc/b.h=x"]), Woken::new());
}
