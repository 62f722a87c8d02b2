use proptest::prelude::*;
use spec_strategy::{Choice, InputOrigins, InputStanding, OverlayPolicy, PolicyError};

use super::*;
use crate::failures::{Draft, build};
use crate::record::InputId;
use crate::testing::Store;
use crate::{Mode, SpeculationError};

fn file(store: &Store, text: &str) -> Content {
    Content::File { digest: store.blob(text), executable: false }
}

/// `app.bst` compiles `main.c` with a header of `dep.bst` and a generated `config.h`, and links.
fn app(store: &Store) -> Resolver {
    let mut app = Draft::of(store, "app.bst");
    let compile = store.action("cc -c main.c", &store.tree(&["src/config.h=c", "usr/include/dep.h=1"]));
    app.input("src/config.h=c", &[]);
    let header = [("source dep.bst:dep.h", None), ("artifact dep.bst:usr/include/dep.h", None)];
    app.input("usr/include/dep.h=1", &header);
    app.input("src/main.o=o", &[("action app.bst:main.o", Some(compile))]);
    app.action("cc -c main.c", &["src/config.h=c", "usr/include/dep.h=1"], &["main.o=o"]);
    app.action("cc main.o", &["src/main.o=o"], &["app=x"]);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    resolver
}

const COMPILE: ActionId = ActionId(0);
const LINK: ActionId = ActionId(1);

fn sources(resolver: &mut Resolver, store: &Store, element: &str, entries: &[&str]) -> Woken {
    let fact = Fact::Sources(resolver.element(element));
    let found =
        crate::look_up(&store.cas, &store.tree(entries), &resolver.wanted(fact)).expect("the store works");
    resolver.learn(found)
}

#[test]
fn a_source_is_enough_before_anything_is_built() {
    let store = Store::new();
    let mut resolver = app(&store);
    assert_eq!(sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]), Woken::from([COMPILE]));
    assert_eq!(resolver.verdict(COMPILE), Verdict::Adapted);
    assert_eq!(resolver.verdict(LINK), Verdict::Pending(vec![Fact::Outputs(COMPILE)]));
}

#[test]
fn installing_sets_the_mode_of_a_file_again() {
    let store = Store::new();
    let mut app = Draft::of(&store, "app.bst");
    let header = [("source dep.bst:dep.h", None), ("artifact dep.bst:usr/include/dep.h", None)];
    app.input("usr/include/dep.h*=1", &header);
    app.action("cc -c main.c", &["usr/include/dep.h*=1"], &["main.o=o"]);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    sources(&mut resolver, &store, "dep.bst", &["dep.h=1"]);
    assert_eq!(resolver.verdict(COMPILE), Verdict::Unchanged);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
    let now = Content::File { digest: store.blob("2"), executable: true };
    assert_eq!(resolver.adaptation(COMPILE).inputs, [("usr/include/dep.h".to_owned(), Some(now))]);
    // The artifact knows better.
    build(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2"]);
    let now = Content::File { digest: store.blob("2"), executable: false };
    assert_eq!(resolver.adaptation(COMPILE).inputs, [("usr/include/dep.h".to_owned(), Some(now))]);
}

#[test]
fn an_unchanged_producer_passes_on_what_it_wrote() {
    let store = Store::new();
    let mut resolver = app(&store);
    assert_eq!(sources(&mut resolver, &store, "dep.bst", &["dep.h=1"]), Woken::from([COMPILE, LINK]));
    assert_eq!(
        [COMPILE, LINK].map(|action| resolver.verdict(action)),
        [Verdict::Unchanged, Verdict::Unchanged]
    );
}

#[test]
fn a_consumer_follows_the_adapted_producer() {
    let store = Store::new();
    let mut resolver = app(&store);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
    let woken = resolver.ran(COMPILE, Some(vec![("main.o".to_owned(), file(&store, "o2"))]), false);
    assert_eq!(woken, Woken::from([LINK]));
    assert_eq!(resolver.adaptation(LINK).inputs, [("src/main.o".to_owned(), Some(file(&store, "o2")))]);
    // The next correction takes it back: those outputs were of another action.
    sources(&mut resolver, &store, "dep.bst", &["dep.h=3"]);
    assert_eq!(resolver.verdict(LINK), Verdict::Pending(vec![Fact::Outputs(COMPILE)]));
}

#[test]
fn a_failed_producer_makes_its_consumers_impossible() {
    let store = Store::new();
    let mut resolver = app(&store);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
    resolver.ran(COMPILE, None, false);
    assert_eq!(resolver.verdict(LINK), Verdict::Impossible(Impossible::InputGone));
}

#[test]
fn a_lost_alternative_leaves_the_others() {
    let store = Store::new();
    let mut resolver = app(&store);
    let dep = resolver.element("dep.bst");
    resolver.lose(Fact::Sources(dep));
    assert_eq!(resolver.verdict(COMPILE), Verdict::Pending(vec![Fact::Artifact(dep)]));
    build(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2"]);
    assert_eq!(resolver.verdict(COMPILE), Verdict::Adapted);
    resolver.lose(Fact::Artifact(dep));
    assert_eq!(resolver.verdict(COMPILE), Verdict::Impossible(Impossible::InputGone));
}

#[test]
fn what_is_staged_beats_what_was_predicted() {
    let store = Store::new();
    let mut resolver = app(&store);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
    assert!(
        build(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2"]).is_empty(),
        "it was predicted rightly"
    );
    let woken = build(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2 as installed"]);
    assert_eq!(woken, Woken::from([COMPILE]));
    let expected = ("usr/include/dep.h".to_owned(), Some(file(&store, "2 as installed")));
    assert_eq!(resolver.adaptation(COMPILE).inputs, [expected]);
}

#[test]
fn a_generated_file_is_what_it_was_until_a_request_shows_another() {
    let store = Store::new();
    let mut resolver = app(&store);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=1"]);
    assert_eq!(resolver.verdict(COMPILE), Verdict::Unchanged);
    let woken = resolver.correct(COMPILE, [(InputId(0), file(&store, "c2"))]);
    assert_eq!(woken, Woken::from([COMPILE, LINK]));
    assert_eq!(resolver.verdict(COMPILE), Verdict::Adapted);
    // What a request showed stands against what alternatives say later.
    resolver.correct(COMPILE, [(InputId(1), file(&store, "9"))]);
    assert!(build(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=5"]).is_empty());
}

#[test]
fn an_action_whose_messages_are_gone_is_impossible() -> Result<(), SpeculationError> {
    let store = Store::new();
    let mut draft = Draft::of(&store, "app.bst");
    draft.action("cc", &["src/a.c=a"], &[]);
    draft.record.actions[0].base = spec_model::Digest::of(b"removed by the quota");
    let mut resolver = Resolver::default();
    resolver.register(draft.expand());
    assert_eq!(resolver.verdict(COMPILE), Verdict::Impossible(Impossible::Unreadable));
    assert!(Mode::Full.generates());
    Ok(())
}

/// Answers `choose` as it was told to.
struct Stubborn(Vec<Choice>);

impl OverlayPolicy for Stubborn {
    fn select(&mut self, _: &[InputOrigins]) -> Result<Vec<Vec<u8>>, PolicyError> {
        Ok(vec![vec![7]])
    }

    fn choose(&mut self, _: &[InputStanding]) -> Result<Vec<Choice>, PolicyError> {
        Ok(self.0.clone())
    }
}

#[test]
fn a_policy_that_answers_nonsense_is_dropped_with_one_warning() {
    use spec_model::UserError;
    let store = Store::new();
    for nonsense in [vec![], vec![Choice::Take(9)], vec![Choice::Take(0)], vec![Choice::Wait; 3]] {
        let mut app = Draft::of(&store, "app.bst");
        app.input("usr/include/dep.h=1", &[("artifact dep.bst:usr/include/dep.h", None)]);
        app.action("cc", &["usr/include/dep.h=1"], &[]);
        let policy = OverlaySlot::new(Box::new(Stubborn(nonsense.clone())));
        let mut resolver = Resolver::new(policy.clone());
        resolver.register(app.expand());
        let warning = policy.take_warning().expect("it was dropped");
        assert_eq!(warning.reason(), "policy-invalid-answer", "{nonsense:?}");
        assert_eq!(policy.take_warning(), None);
        build(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2"]);
        assert_eq!(resolver.verdict(COMPILE), Verdict::Adapted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever actions read of whichever others, truly or not, everything ends; and when every fact is known and every
    /// adapted action ran, nothing is pending.
    #[test]
    fn resolution_ends(reads in prop::collection::vec(prop::collection::vec(0usize..8, 0..4), 1..8)) {
        let store = Store::new();
        let mut draft = Draft::of(&store, "app.bst");
        let count = reads.len();
        let inputs = |index: usize| -> Vec<String> {
            reads[index].iter().map(|other| format!("src/o{other}=o")).chain(["dep.h=1".to_owned()]).collect()
        };
        let mut bases = Vec::new();
        for index in 0..count {
            let inputs = inputs(index);
            let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
            bases.push(draft.action(&format!("make {index}"), &inputs, &[&format!("o{index}=o")]));
        }
        draft.input("dep.h=1", &[("artifact dep.bst:dep.h", None)]);
        for (index, base) in bases.iter().enumerate() {
            draft.input(&format!("src/o{index}=o"), &[(&format!("action app.bst:o{index}"), Some(*base))]);
        }
        let mut resolver = Resolver::default();
        resolver.register(draft.expand());
        build(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
        for index in 0..count {
            let action = ActionId(index as u32);
            if resolver.verdict(action) == Verdict::Adapted {
                resolver.ran(action, Some(vec![(format!("o{index}"), file(&store, "new"))]), false);
            }
        }
        for (index, reads) in reads.iter().enumerate() {
            let lies = reads.iter().any(|other| *other < count && *other >= index);
            let verdict = resolver.verdict(ActionId(index as u32));
            prop_assert!(!matches!(verdict, Verdict::Pending(_)), "{index}: {verdict:?}");
            prop_assert!(!lies || verdict == Verdict::Impossible(Impossible::InputGone), "{index}: {verdict:?}");
        }
    }
}
