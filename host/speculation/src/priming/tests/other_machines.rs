//! Records of other machines: they come later, and speak of contents that are not here.

use super::*;

const ELSEWHERE: Bucket = Bucket::Impossible(ImpossibleCause::ContentElsewhere);

/// `lib.bst` compiles its source, `app.bst` links the object with its own source.
struct Chain<'a> {
    store: &'a Store,
    lib: RecordDraft<'a>,
    app: RecordDraft<'a>,
}

impl<'a> Chain<'a> {
    fn new(store: &'a Store) -> Self {
        let mut lib = RecordDraft::of(store, "lib.bst");
        lib.input("x.c=1", &[("source lib.bst:x.c", None)]);
        let compile = lib.action("cc -c x.c", &["x.c=1"], &["x.o=o"]);
        let mut app = RecordDraft::of(store, "app.bst");
        app.input("x.o=o", &[("action lib.bst:x.o", Some(compile))]);
        app.input("main.c=1", &[("source app.bst:main.c", None)]);
        app.action("cc main.c x.o", &["main.c=1", "x.o=o"], &["main=m"]);
        Self { store, lib, app }
    }

    fn priming(&self, registered: &[&RecordDraft<'_>]) -> PrimingState {
        let mut resolver = Resolver::default();
        registered.iter().for_each(|draft| _ = resolver.register(draft.expand()));
        let mut priming =
            PrimingState::new(resolver, GuardedPrimingPolicy::default(), Budget::default(), HashMap::new());
        assert_eq!(priming.start(), []);
        priming
    }

    fn record(&self, draft: &RecordDraft<'_>) -> SessionRecord {
        SessionRecord { record: draft.expand(), closure: Vec::new(), before: Vec::new() }
    }

    /// The sources of an element are known; what is submitted then.
    fn source(&self, priming: &mut PrimingState, element: u32, contents: &str) -> Vec<(ActionId, Digest)> {
        let fact = Fact::Sources(ElementId(element));
        let wanted: Vec<OriginId> = priming.resolver().wanted_paths(fact).iter().map(|(id, _)| *id).collect();
        let found = wanted.into_iter().map(|origin| (origin, Some(text(self.store, contents)))).collect();
        let effects = priming.origins_known(found);
        submitted(&carry_out(priming, self.store, effects))
    }
}

#[test]
fn a_record_that_comes_later_reads_what_was_executed_before() {
    let store = Store::new();
    let chain = Chain::new(&store);
    let mut priming = chain.priming(&[&chain.lib]);
    let sent = chain.source(&mut priming, 0, "2");
    assert_eq!(sent.len(), 1);
    priming.execution_ended(sent[0].0, sent[0].1, ran(&store, "x.o"));
    let effects = priming.add_records(vec![chain.record(&chain.app)]);
    assert_eq!(carry_out(&mut priming, &store, effects), [], "its own source is not known yet");
    let sent = chain.source(&mut priming, 1, "1");
    assert_eq!(sent.iter().map(|(action, _)| *action).collect::<Vec<_>>(), [ActionId(1)]);
    assert_eq!(priming.totals().recorded(), 2);
}

#[test]
fn records_that_all_come_later_are_as_good() {
    let store = Store::new();
    let chain = Chain::new(&store);
    let mut priming = chain.priming(&[]);
    let records = [&chain.lib, &chain.app].map(|draft| chain.record(draft));
    let effects = priming.add_records(records.into());
    assert_eq!(carry_out(&mut priming, &store, effects), []);
    assert_eq!(chain.source(&mut priming, 1, "1"), []);
    let sent = chain.source(&mut priming, 0, "2");
    assert_eq!(sent.len(), 1);
    let effects = priming.execution_ended(sent[0].0, sent[0].1, ran(&store, "x.o"));
    assert_eq!(submitted(&carry_out(&mut priming, &store, effects)).len(), 1);
}

#[test]
fn an_action_without_contents_is_tried_again_when_these_were_made() {
    let store = Store::new();
    let chain = Chain::new(&store);
    let mut priming = chain.priming(&[&chain.lib, &chain.app]);
    // The compile is unchanged, and its object is on another machine.
    assert_eq!(chain.source(&mut priming, 0, "1"), []);
    let sent = chain.source(&mut priming, 1, "2");
    let [(link, digest)] = sent[..] else { panic!("{sent:?}") };
    let outcome = ExecutionOutcome::ContentElsewhere;
    let end = ExecutionEnd { outcome, took_ms: 0, cpu_ms: 0, bytes: 0 };
    let effects = priming.execution_ended(link, digest, end);
    assert_eq!(carry_out(&mut priming, &store, effects), [], "not again at once");
    assert_eq!((priming.bucket(link), priming.totals().primed()), (ELSEWHERE, 0));
    let effects = priming.action_answered(COMPILE, vec![("x.o".to_owned(), text(&store, "o"))]);
    assert_eq!(submitted(&carry_out(&mut priming, &store, effects)), [(link, digest)]);
}
