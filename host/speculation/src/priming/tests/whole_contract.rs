//! What a policy can want beyond deciding on candidates: to revise, to be told of all, to ask for facts, small questions.

use std::sync::{Arc, Mutex};

use spec_strategy::{
    ChangedInput, LastDecision, PastExecution, PrimingWants, Revision, SessionFacts, SubmittedAction,
    Transfer,
};

use super::*;
use crate::record::EarlierRun;

/// What a policy was asked and told.
#[derive(Default)]
struct Seen {
    largest: usize,
    submitted: Vec<SubmittedAction>,
    observations: Vec<Observation>,
    programs: Vec<String>,
    changed: Vec<ChangedInput>,
    histories: Vec<Vec<PastExecution>>,
    transfers: Vec<Option<Transfer>>,
    names: Vec<Option<String>>,
}

/// Decides as it is told, by action.
struct Scripted {
    seen: Arc<Mutex<Seen>>,
    wants: PrimingWants,
    decide: fn(u32) -> Decision,
    revise: fn(&SubmittedAction) -> Revision,
}

impl PrimingPolicy for Scripted {
    fn wants(&self) -> PrimingWants {
        self.wants
    }

    fn decide(
        &mut self,
        candidates: &[Candidate],
        _: &PrimingLoad,
        facts: &dyn PrimingFacts,
    ) -> Result<Vec<Decision>, PolicyError> {
        let mut seen = self.seen.lock().expect("nothing panicked");
        seen.largest = seen.largest.max(candidates.len());
        for candidate in candidates {
            seen.programs.extend(facts.program_name(candidate.program));
            seen.changed.extend(facts.changed_inputs(candidate.action));
            seen.histories.push(facts.history(candidate.action));
            seen.transfers.push(facts.transfer(candidate.action));
            seen.names.push(facts.session().element_name(candidate.element));
        }
        Ok(candidates.iter().map(|candidate| (self.decide)(candidate.action)).collect())
    }

    fn revise(
        &mut self,
        submitted: &[SubmittedAction],
        _: &PrimingLoad,
        _: &dyn PrimingFacts,
    ) -> Result<Vec<Revision>, PolicyError> {
        self.seen.lock().expect("nothing panicked").submitted.extend(submitted);
        Ok(submitted.iter().map(self.revise).collect())
    }

    fn observe(&mut self, ended: &[Observation], _: &dyn PrimingFacts) -> Result<(), PolicyError> {
        self.seen.lock().expect("nothing panicked").observations.extend(ended);
        Ok(())
    }
}

fn scripted(
    wants: PrimingWants,
    decide: fn(u32) -> Decision,
    revise: fn(&SubmittedAction) -> Revision,
) -> (GuardedPrimingPolicy, Arc<Mutex<Seen>>) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let policy = Scripted { seen: Arc::clone(&seen), wants, decide, revise };
    (GuardedPrimingPolicy::new(Box::new(policy)), seen)
}

const NOTHING: PrimingWants = PrimingWants { revise: false, observe_all: false, largest_batch: None };
const CANCELLED: ExecutionEnd =
    ExecutionEnd { outcome: ExecutionOutcome::NotExecuted, took_ms: 0, cpu_ms: 0, bytes: 0 };

fn submit(_: u32) -> Decision {
    Decision::Submit { priority: 500 }
}

/// The first action is held, the second skipped, others are submitted.
fn one_of_each(action: u32) -> Decision {
    match action {
        0 => Decision::Hold,
        1 => Decision::Skip(SkipReason::Unlikely),
        _ => Decision::Submit { priority: 0 },
    }
}

#[test]
fn outcomes_of_held_and_skipped_actions_say_what_would_have_been() {
    let store = Store::new();
    for (observe_all, expected) in [(false, 1), (true, 3)] {
        let wants = PrimingWants { observe_all, ..NOTHING };
        let (policy, seen) = scripted(wants, one_of_each, |_| Revision::Keep);
        let (mut priming, sent) = changed(&store, 3, policy, Budget::default());
        assert_eq!(sent.len(), 1);
        let held = priming.action_state(COMPILE).predicted.expect("it is instantiated");
        priming.action_requested(&held);
        priming.element_ended(priming.resolver().element_of(COMPILE));
        priming.totals();
        let mut observations = seen.lock().expect("nothing panicked").observations.clone();
        observations.sort_by_key(|observation| observation.action);
        let told: Vec<_> = observations.iter().map(|ended| (ended.decision, ended.outcome)).collect();
        let all = [
            (LastDecision::Held, Outcome::Used),
            (LastDecision::Skipped, Outcome::Unused),
            (LastDecision::Submitted, Outcome::Unused),
        ];
        assert_eq!(told, all[3 - expected..], "all: {observe_all}");
    }
}

#[test]
fn an_action_without_a_worker_was_overtaken() {
    let store = Store::new();
    let (policy, seen) = scripted(PrimingWants { observe_all: true, ..NOTHING }, submit, |_| Revision::Keep);
    let one = Budget { in_flight: 1, ..Budget::default() };
    let (mut priming, sent) = changed(&store, 2, policy, one);
    let queued = ActionId(1 - sent[0].0.0);
    let digest = priming.action_state(queued).predicted.expect("it is instantiated");
    priming.action_requested(&digest);
    priming.totals();
    let observations = &seen.lock().expect("nothing panicked").observations;
    let told: Vec<_> = observations.iter().map(|ended| (ended.decision, ended.outcome)).collect();
    assert_eq!(told, [(LastDecision::Submitted, Outcome::Overtaken)]);
}

#[test]
fn questions_are_no_longer_than_the_largest_batch() {
    let store = Store::new();
    let wants = PrimingWants { largest_batch: Some(2), ..NOTHING };
    let (policy, seen) = scripted(wants, submit, |_| Revision::Keep);
    let (_, sent) = changed(&store, 5, policy, Budget::default());
    assert_eq!((sent.len(), seen.lock().expect("nothing panicked").largest), (5, 2));
}

/// Five compiles of which the first is in flight and two are queued; the last two become candidates later.
fn revised(
    store: &Store,
    running: bool,
    revise: fn(&SubmittedAction) -> Revision,
) -> (PrimingState, (ActionId, Digest), Vec<PrimingEffect>, Arc<Mutex<Seen>>) {
    let (policy, seen) = scripted(PrimingWants { revise: true, ..NOTHING }, submit, revise);
    let one = Budget { in_flight: 1, ..Budget::default() };
    let (mut priming, origin) = compiles(store, 3, policy, one);
    let effects = priming.origins_known(vec![(origin, Some(text(store, "2")))]);
    let (now, later): (Vec<_>, Vec<_>) = effects
        .into_iter()
        .partition(|effect| !matches!(effect, PrimingEffect::Adapt { action, .. } if action.0 == 2));
    let sent = submitted(&carry_out(&mut priming, store, now));
    priming.set_running(running.then_some((sent[0].0, 20)));
    let effects = carry_out(&mut priming, store, later);
    (priming, sent[0], effects, seen)
}

#[test]
fn submitted_actions_are_revised_when_there_are_candidates() {
    let store = Store::new();
    let (_, sent, effects, seen) = revised(&store, true, |_| Revision::Keep);
    assert_eq!(effects, [], "everything stays");
    let submitted = &seen.lock().expect("nothing panicked").submitted;
    let mut told: Vec<_> = submitted.iter().map(|action| (action.action, action.running_ms)).collect();
    told.sort_unstable();
    assert_eq!(told, [(sent.0.0, Some(20)), (1 - sent.0.0, None)]);
}

#[test]
fn a_withdrawn_action_is_submitted_again_after_its_end() {
    let store = Store::new();
    let (mut priming, sent, effects, _) = revised(&store, true, |action| match action.running_ms {
        Some(_) => Revision::Cancel,
        None => Revision::Reprioritise { priority: 7 },
    });
    assert_eq!(effects, [PrimingEffect::Cancel { action: sent.0, digest: sent.1 }]);
    priming.set_running([]);
    assert_eq!(priming.execution_ended(sent.0, sent.1, CANCELLED), []);
    let next = priming.admit();
    let [PrimingEffect::Submit { action, priority, .. }] = next[..] else { panic!("{next:?}") };
    assert_eq!((action.0, priority), (1 - sent.0.0, 8), "the one that is more urgent now");
    assert_eq!(priming.totals().recorded(), 3);
}

#[test]
fn a_running_action_keeps_its_priority() {
    let store = Store::new();
    for (running, cancelled) in [(true, 0), (false, 1)] {
        let (_, _, effects, _) = revised(&store, running, |_| Revision::Reprioritise { priority: 0 });
        assert_eq!(effects.len(), cancelled, "{effects:?}");
    }
}

/// A policy that changes its mind for ever is not asked for ever.
#[test]
fn withdrawals_end() {
    let store = Store::new();
    let (mut priming, _, mut effects, _) = revised(&store, false, |_| Revision::Cancel);
    for _ in 0..1000 {
        if effects.is_empty() {
            break;
        }
        let mut next = Vec::new();
        for effect in effects {
            if let PrimingEffect::Cancel { action, digest } = effect {
                next.extend(priming.execution_ended(action, digest, CANCELLED));
            }
        }
        next.extend(priming.admit());
        effects = next;
    }
    assert_eq!(effects, []);
}

/// Knows the names of elements.
#[derive(Debug)]
struct Names;

impl SessionFacts for Names {
    fn element_name(&self, element: u32) -> Option<String> {
        Some(format!("element {element}"))
    }
}

#[test]
fn a_policy_asks_for_facts() {
    let store = Store::new();
    let mut app = RecordDraft::of(&store, "app.bst");
    app.input("dep.h=1", &[("artifact dep.bst:dep.h", None)]);
    app.input("main.c=main", &[]);
    app.action("cc -c main.c", &["dep.h=1", "main.c=main"], &["main.o=object"]);
    app.record.actions[0].earlier = vec![EarlierRun { took_ms: 12, cpu_ms: 0 }];
    let mut resolver = Resolver::default().with_facts(Arc::new(Names));
    resolver.register(app.expand());
    let dep = resolver.element_id("dep.bst");
    let origin = resolver.wanted_paths(Fact::Artifact(dep))[0].0;
    let (policy, seen) = scripted(NOTHING, submit, |_| Revision::Keep);
    let mut priming = PrimingState::new(resolver, policy, Budget::default(), HashMap::new());
    priming.start();
    let effects = priming.origins_known(vec![(origin, Some(text(&store, "new")))]);
    carry_out(&mut priming, &store, effects);
    let seen = seen.lock().expect("nothing panicked");
    assert_eq!(
        (&*seen.programs, &*seen.names),
        (&["cc".to_owned()][..], &[Some("element 0".to_owned())][..])
    );
    let path = "dep.h".to_owned();
    let (before, after) = (Some(Digest::of(b"1")), Some(Digest::of(b"new")));
    assert_eq!(seen.changed, [ChangedInput { path, before, after }]);
    let history =
        [PastExecution { run_ms: 10, cpu_ms: Some(10) }, PastExecution { run_ms: 12, cpu_ms: None }];
    assert_eq!(seen.histories, [history]);
    assert_eq!(priming.last_execution(0), Some(history[0]));
    let transfer = Transfer { input_bytes: 5, changed_bytes: 3, output_bytes: 6 };
    assert_eq!(seen.transfers, [Some(transfer)]);
    assert_eq!(priming.input_paths(0).len(), 2);
    assert_eq!((priming.output_paths(0), priming.readers(0)), (vec!["main.o".to_owned()], vec![]));
    assert_eq!((priming.element_of(9), priming.history(9)), (None, vec![]));
}
