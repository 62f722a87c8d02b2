use std::sync::{Arc, Mutex};

use spec_strategy::{
    Choice, ChoiceObservation, InputAlternatives, InputOrigins, OriginInfo, OriginKind, OverlayFacts,
    OverlayPolicy, OverlayWants, PolicyError,
};

use super::*;
use crate::guarded_policy::GuardedOverlayPolicy;
use crate::resolve::{Fact, Prediction};
use crate::testing::{RecordDraft, Store};

const COMPILE: ActionId = ActionId(0);

/// What it was asked and told.
#[derive(Default)]
struct Seen {
    questions: Vec<InputAlternatives>,
    paths: Vec<Option<String>>,
    observations: Vec<ChoiceObservation>,
}

/// Prefers the last alternative.
struct LastFirst(Arc<Mutex<Seen>>);

impl OverlayPolicy for LastFirst {
    fn wants(&self) -> OverlayWants {
        OverlayWants { observe: true, largest_batch: Some(1), ..OverlayWants::default() }
    }

    fn select(&mut self, _: &[InputOrigins], _: &dyn OverlayFacts) -> Result<Vec<Vec<u8>>, PolicyError> {
        Ok(Vec::new())
    }

    fn choose(
        &mut self,
        inputs: &[InputAlternatives],
        facts: &dyn OverlayFacts,
    ) -> Result<Vec<Choice>, PolicyError> {
        assert_eq!(inputs.len(), 1, "it is the largest batch");
        let mut seen = self.0.lock().expect("nothing panicked");
        seen.questions.extend(inputs.iter().cloned());
        seen.paths.extend(inputs.iter().map(|input| facts.input_path(input.input)));
        let rank =
            |input: &InputAlternatives| Choice::Rank((0..input.alternatives.len() as u8).rev().collect());
        Ok(inputs.iter().map(rank).collect())
    }

    fn observe(&mut self, ended: &[ChoiceObservation], _: &dyn OverlayFacts) -> Result<(), PolicyError> {
        self.0.lock().expect("nothing panicked").observations.extend(ended.iter().cloned());
        Ok(())
    }
}

/// A compile of a header that came from the sources of either of two elements.
fn session(store: &Store) -> (Resolver, Arc<Mutex<Seen>>) {
    let mut app = RecordDraft::of(store, "app.bst");
    app.input("inc/a.h=1", &[("source one.bst:a.h", None), ("source two.bst:a.h", None)]);
    app.action("cc -c main.c", &["inc/a.h=1"], &["main.o=o"]);
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut resolver = Resolver::new(GuardedOverlayPolicy::new(Box::new(LastFirst(Arc::clone(&seen)))));
    resolver.register(app.expand());
    (resolver, seen)
}

fn tell(resolver: &mut Resolver, store: &Store, element: &str, text: Option<&str>) {
    let fact = Fact::Sources(resolver.element_id(element));
    let origins: Vec<_> = resolver.wanted_paths(fact).iter().map(|(origin, _)| *origin).collect();
    let content = text.map(|text| Content::File { digest: store.blob(text), executable: false });
    resolver.set_origins(origins.into_iter().map(|origin| (origin, content.clone())));
}

#[test]
fn a_ranking_is_followed_without_another_question() {
    let store = Store::new();
    let (mut resolver, seen) = session(&store);
    tell(&mut resolver, &store, "one.bst", Some("2"));
    let two = Fact::Sources(resolver.element_id("two.bst"));
    assert_eq!(resolver.prediction(COMPILE), Prediction::Pending(vec![two]), "the better one is pending");
    tell(&mut resolver, &store, "two.bst", None);
    assert_eq!(resolver.prediction(COMPILE), Prediction::Adapted, "the better one is gone");
    tell(&mut resolver, &store, "one.bst", None);
    assert!(matches!(resolver.prediction(COMPILE), Prediction::Impossible(_)));
    let seen = seen.lock().expect("nothing panicked");
    assert_eq!((seen.questions.len(), &*seen.paths), (1, &[Some("inc/a.h".to_owned())][..]));
    let elements: Vec<OriginInfo> = seen.questions[0].alternatives.iter().map(|(info, _)| *info).collect();
    let source = |name| OriginInfo { kind: OriginKind::Source, element: Some(resolver.element_id(name).0) };
    assert_eq!(elements, ["one.bst", "two.bst"].map(source));
}

#[test]
fn the_policy_is_told_once_what_was_right() {
    let store = Store::new();
    let (mut resolver, seen) = session(&store);
    tell(&mut resolver, &store, "one.bst", Some("2"));
    tell(&mut resolver, &store, "two.bst", Some("3"));
    let requested = Content::File { digest: store.blob("2"), executable: false };
    resolver.set_observed(COMPILE, [(InputId(0), requested)]);
    resolver.note_confirmed(COMPILE);
    resolver.report_choices();
    resolver.report_choices();
    let told = ChoiceObservation { input: 0, taken: Some(1), right: vec![0] };
    assert_eq!(seen.lock().expect("nothing panicked").observations, [told]);
}
