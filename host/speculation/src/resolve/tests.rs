use proptest::prelude::*;
use spec_strategy::{Choice, InputAlternatives, InputOrigins, OverlayFacts, OverlayPolicy, PolicyError};

use super::*;
use crate::guarded_policy::GuardedOverlayPolicy;
use crate::record::{Content, InputId};
use crate::testing::{RecordDraft, Store, artifact_known};
use crate::{SpeculationError, SpeculationMode};

fn file(store: &Store, text: &str) -> Content {
    Content::File { digest: store.blob(text), executable: false }
}

/// `app.bst` compiles `main.c` with a header of `dep.bst` and a generated `config.h`, and links.
fn app(store: &Store) -> Resolver {
    let mut app = RecordDraft::of(store, "app.bst");
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

fn sources(resolver: &mut Resolver, store: &Store, element: &str, entries: &[&str]) -> Invalidated {
    let fact = Fact::Sources(resolver.element_id(element));
    let found = crate::look_up(&store.cas, &store.tree(entries), &resolver.wanted_paths(fact))
        .expect("the store works");
    resolver.set_origins(found)
}

#[test]
fn a_source_is_enough_to_predict() {
    let store = Store::new();
    let mut resolver = app(&store);
    assert_eq!(sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]), Invalidated::from([COMPILE]));
    assert_eq!(resolver.prediction(COMPILE), Prediction::Adapted);
    assert_eq!(resolver.prediction(LINK), Prediction::Pending(vec![Fact::Outputs(COMPILE)]));
}

#[test]
fn installing_sets_the_mode_of_a_file() {
    let store = Store::new();
    let mut app = RecordDraft::of(&store, "app.bst");
    let header = [("source dep.bst:dep.h", None), ("artifact dep.bst:usr/include/dep.h", None)];
    app.input("usr/include/dep.h*=1", &header);
    app.action("cc -c main.c", &["usr/include/dep.h*=1"], &["main.o=o"]);
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    sources(&mut resolver, &store, "dep.bst", &["dep.h=1"]);
    assert_eq!(resolver.prediction(COMPILE), Prediction::Unchanged);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
    let now = Content::File { digest: store.blob("2"), executable: true };
    assert_eq!(resolver.adaptation(COMPILE).inputs, [("usr/include/dep.h".to_owned(), Some(now))]);
    // The artifact goes before the source.
    artifact_known(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2"]);
    let now = Content::File { digest: store.blob("2"), executable: false };
    assert_eq!(resolver.adaptation(COMPILE).inputs, [("usr/include/dep.h".to_owned(), Some(now))]);
}

#[test]
fn an_unchanged_producer_has_the_recorded_outputs() {
    let store = Store::new();
    let mut resolver = app(&store);
    assert_eq!(sources(&mut resolver, &store, "dep.bst", &["dep.h=1"]), Invalidated::from([COMPILE, LINK]));
    assert_eq!(
        [COMPILE, LINK].map(|action| resolver.prediction(action)),
        [Prediction::Unchanged, Prediction::Unchanged]
    );
}

#[test]
fn a_consumer_follows_the_adapted_producer() {
    let store = Store::new();
    let mut resolver = app(&store);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
    let invalidated =
        resolver.set_outputs(COMPILE, Some(vec![("main.o".to_owned(), file(&store, "o2"))]), false);
    assert_eq!(invalidated, Invalidated::from([LINK]));
    assert_eq!(resolver.adaptation(LINK).inputs, [("src/main.o".to_owned(), Some(file(&store, "o2")))]);
    // The outputs were those of an earlier prediction.
    sources(&mut resolver, &store, "dep.bst", &["dep.h=3"]);
    assert_eq!(resolver.prediction(LINK), Prediction::Pending(vec![Fact::Outputs(COMPILE)]));
}

#[test]
fn a_failed_producer_makes_its_consumers_impossible() {
    let store = Store::new();
    let mut resolver = app(&store);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
    resolver.set_outputs(COMPILE, None, false);
    assert_eq!(resolver.prediction(LINK), Prediction::Impossible(ImpossibleCause::InputGone));
}

#[test]
fn an_unavailable_alternative_leaves_the_others() {
    let store = Store::new();
    let mut resolver = app(&store);
    let dep = resolver.element_id("dep.bst");
    resolver.set_unavailable(Fact::Sources(dep));
    assert_eq!(resolver.prediction(COMPILE), Prediction::Pending(vec![Fact::Artifact(dep)]));
    artifact_known(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2"]);
    assert_eq!(resolver.prediction(COMPILE), Prediction::Adapted);
    resolver.set_unavailable(Fact::Artifact(dep));
    assert_eq!(resolver.prediction(COMPILE), Prediction::Impossible(ImpossibleCause::InputGone));
}

#[test]
fn a_staged_file_goes_before_predictions() {
    let store = Store::new();
    let mut resolver = app(&store);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
    assert!(
        artifact_known(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2"]).is_empty(),
        "the prediction was right"
    );
    let invalidated = artifact_known(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2 as installed"]);
    assert_eq!(invalidated, Invalidated::from([COMPILE]));
    let expected = ("usr/include/dep.h".to_owned(), Some(file(&store, "2 as installed")));
    assert_eq!(resolver.adaptation(COMPILE).inputs, [expected]);
}

#[test]
fn a_generated_file_is_what_it_was_until_a_request_shows_another() {
    let store = Store::new();
    let mut resolver = app(&store);
    sources(&mut resolver, &store, "dep.bst", &["dep.h=1"]);
    assert_eq!(resolver.prediction(COMPILE), Prediction::Unchanged);
    let invalidated = resolver.set_observed(COMPILE, [(InputId(0), file(&store, "c2"))]);
    assert_eq!(invalidated, Invalidated::from([COMPILE, LINK]));
    assert_eq!(resolver.prediction(COMPILE), Prediction::Adapted);
    // Observed contents go before those of origins.
    resolver.set_observed(COMPILE, [(InputId(1), file(&store, "9"))]);
    assert!(artifact_known(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=5"]).is_empty());
}

#[test]
fn an_action_whose_messages_are_gone_is_impossible() -> Result<(), SpeculationError> {
    let store = Store::new();
    let mut draft = RecordDraft::of(&store, "app.bst");
    draft.action("cc", &["src/a.c=a"], &[]);
    draft.record.actions[0].base = spec_model::Digest::of(b"removed by the quota");
    let mut resolver = Resolver::default();
    resolver.register(draft.expand());
    assert_eq!(resolver.prediction(COMPILE), Prediction::Impossible(ImpossibleCause::Unreadable));
    assert!(SpeculationMode::Full.generates());
    Ok(())
}

/// A policy that gives these answers to `choose`.
struct Stubborn(Vec<Choice>);

impl OverlayPolicy for Stubborn {
    fn select(&mut self, _: &[InputOrigins], _: &dyn OverlayFacts) -> Result<Vec<Vec<u8>>, PolicyError> {
        Ok(vec![vec![7]])
    }

    fn choose(&mut self, _: &[InputAlternatives], _: &dyn OverlayFacts) -> Result<Vec<Choice>, PolicyError> {
        Ok(self.0.clone())
    }
}

#[test]
fn a_policy_with_invalid_answers_is_replaced_with_one_warning() {
    use spec_model::UserError;
    let store = Store::new();
    let ranked = |ranking: &[u8]| vec![Choice::Rank(ranking.into())];
    for nonsense in [
        vec![],
        vec![Choice::Take(9)],
        vec![Choice::Take(0)],
        vec![Choice::Wait; 3],
        ranked(&[]),
        ranked(&[1]),
        ranked(&[0, 0]),
    ] {
        let mut app = RecordDraft::of(&store, "app.bst");
        app.input("usr/include/dep.h=1", &[("artifact dep.bst:usr/include/dep.h", None)]);
        app.action("cc", &["usr/include/dep.h=1"], &[]);
        let policy = GuardedOverlayPolicy::new(Box::new(Stubborn(nonsense.clone())));
        let mut resolver = Resolver::new(policy.clone());
        resolver.register(app.expand());
        let warning = policy.take_warning().expect("it was replaced");
        assert_eq!(warning.reason(), "plugin-invalid-answer", "{nonsense:?}");
        assert_eq!(policy.take_warning(), None);
        artifact_known(&mut resolver, &store, "dep.bst", &["usr/include/dep.h=2"]);
        assert_eq!(resolver.prediction(COMPILE), Prediction::Adapted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Resolution ends for any relation of readers and outputs, even an inconsistent one; and when every fact is
    /// known and every adapted action ran, nothing is pending.
    #[test]
    fn resolution_ends(reads in prop::collection::vec(prop::collection::vec(0usize..8, 0..4), 1..8)) {
        let store = Store::new();
        let mut draft = RecordDraft::of(&store, "app.bst");
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
        artifact_known(&mut resolver, &store, "dep.bst", &["dep.h=2"]);
        for index in 0..count {
            let action = ActionId(index as u32);
            if resolver.prediction(action) == Prediction::Adapted {
                resolver.set_outputs(action, Some(vec![(format!("o{index}"), file(&store, "new"))]), false);
            }
        }
        for (index, reads) in reads.iter().enumerate() {
            let lies = reads.iter().any(|other| *other < count && *other >= index);
            let verdict = resolver.prediction(ActionId(index as u32));
            prop_assert!(!matches!(verdict, Prediction::Pending(_)), "{index}: {verdict:?}");
            prop_assert!(!lies || verdict == Prediction::Impossible(ImpossibleCause::InputGone), "{index}: {verdict:?}");
        }
    }
}
