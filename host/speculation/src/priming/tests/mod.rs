mod bucket_conservation;
mod other_machines;
mod prediction_stats;
mod whole_contract;

use std::collections::HashMap;

use spec_model::Digest;
use spec_strategy::{
    Candidate, Decision, Observation, Outcome, PolicyError, PrimingFacts, PrimingLoad, PrimingPolicy,
    SkipReason,
};

use super::action_stage::ActionStage;
use super::*;
use crate::accounting::{Bucket, SkipCause};
use crate::guarded_policy::GuardedPrimingPolicy;
use crate::record::{Content, InputId};
use crate::resolve::{ActionId, ElementId, Fact, ImpossibleCause, OriginId, Resolver};
use crate::testing::{RecordDraft, Store};

const COMPILE: ActionId = ActionId(0);

/// `count` compiles of `app.bst` with a header of `dep.bst` and a generated `config.h`.
fn compiles(
    store: &Store,
    count: usize,
    policy: GuardedPrimingPolicy,
    budget: Budget,
) -> (PrimingState, OriginId) {
    let mut app = RecordDraft::of(store, "app.bst");
    app.input("src/config.h=c", &[]);
    app.input("dep.h=1", &[("artifact dep.bst:dep.h", None)]);
    for number in 0..count {
        app.action(&format!("cc -c {number}.c"), &["src/config.h=c", "dep.h=1"], &[&format!("{number}.o=o")]);
    }
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    let dep = resolver.element_id("dep.bst");
    let origin = resolver.wanted_paths(Fact::Artifact(dep))[0].0;
    let mut priming = PrimingState::new(resolver, policy, budget, HashMap::new());
    assert_eq!(priming.start(), []);
    (priming, origin)
}

fn text(store: &Store, text: &str) -> Content {
    Content::File { digest: store.blob(text), executable: false }
}

/// Carries out the effects that adapt, and returns the others.
fn carry_out(priming: &mut PrimingState, store: &Store, effects: Vec<PrimingEffect>) -> Vec<PrimingEffect> {
    let mut rest = Vec::new();
    for command in effects {
        match command {
            PrimingEffect::Adapt { action, round, adaptation, .. } => {
                let digest = store.blob(&format!("{action:?} {adaptation:?}"));
                let adapted = AdaptResult::Action { digest, command: digest };
                rest.extend(priming.action_adapted(action, round, adapted));
            }
            other => rest.push(other),
        }
    }
    rest.extend(priming.admit());
    rest
}

fn submitted(effects: &[PrimingEffect]) -> Vec<(ActionId, Digest)> {
    let submitted = effects.iter().filter_map(|command| match command {
        PrimingEffect::Submit { action, digest, .. } => Some((*action, *digest)),
        _ => None,
    });
    submitted.collect()
}

fn ran(store: &Store, output: &str) -> ExecutionEnd {
    let outcome = ExecutionOutcome::Succeeded(vec![(output.to_owned(), text(store, "new"))]);
    ExecutionEnd { outcome, took_ms: 40, cpu_ms: 30, bytes: 3 }
}

/// The priming after the header of the dependency changed, and what was submitted.
fn changed(
    store: &Store,
    count: usize,
    policy: GuardedPrimingPolicy,
    budget: Budget,
) -> (PrimingState, Vec<(ActionId, Digest)>) {
    let (mut priming, origin) = compiles(store, count, policy, budget);
    let effects = priming.origins_known(vec![(origin, Some(text(store, "2")))]);
    let effects = carry_out(&mut priming, store, effects);
    (priming, submitted(&effects))
}

#[test]
fn requested_actions_are_used_when_executed_and_joined_in_flight() {
    let store = Store::new();
    let (mut priming, sent) = changed(&store, 3, GuardedPrimingPolicy::default(), Budget::default());
    assert_eq!(sent.len(), 3);
    priming.execution_ended(sent[0].0, sent[0].1, ran(&store, "0.o"));
    assert_eq!(priming.action_requested(&sent[0].1), [sent[0].0]);
    assert_eq!(priming.action_requested(&sent[1].1), [sent[1].0]);
    priming.execution_ended(sent[1].0, sent[1].1, ran(&store, "1.o"));
    let app = priming.resolver().element_of(COMPILE);
    let cancelled = priming.element_ended(app);
    assert_eq!(cancelled, [PrimingEffect::Cancel { action: sent[2].0, digest: sent[2].1 }]);
    priming.execution_ended(
        sent[2].0,
        sent[2].1,
        ExecutionEnd { outcome: ExecutionOutcome::NotExecuted, took_ms: 0, cpu_ms: 5, bytes: 0 },
    );
    let totals = priming.totals();
    for bucket in [Bucket::Used, Bucket::Joined, Bucket::Unused] {
        assert_eq!(totals.count(bucket), 1, "{bucket:?}");
    }
    assert_eq!((totals.sent, totals.cpu_ms, totals.useful_cpu_ms, totals.saved_ms), (3, 65, 60, 40));
}

#[test]
fn a_failed_execution_is_not_sent_again() {
    let store = Store::new();
    let (mut priming, sent) = changed(&store, 1, GuardedPrimingPolicy::default(), Budget::default());
    let failed = ExecutionEnd { outcome: ExecutionOutcome::Failed, took_ms: 1, cpu_ms: 1, bytes: 0 };
    assert_eq!(priming.execution_ended(sent[0].0, sent[0].1, failed), []);
    assert_eq!(priming.totals().count(Bucket::Failed), 1);
}

#[test]
fn right_predictions_that_came_too_late_say_why() {
    let store = Store::new();
    let one = Budget { in_flight: 1, ..Budget::default() };
    let (mut priming, sent) = changed(&store, 3, GuardedPrimingPolicy::default(), one);
    assert_eq!(sent.len(), 1);
    let preempted = ExecutionEnd { outcome: ExecutionOutcome::NotExecuted, took_ms: 5, cpu_ms: 5, bytes: 0 };
    assert_eq!(priming.execution_ended(sent[0].0, sent[0].1, preempted), []);
    let late: Vec<Digest> =
        (0..3).filter_map(|action| priming.action_state(ActionId(action)).stage.digest()).collect();
    assert_eq!(late.len(), 3);
    late.iter().for_each(|digest| assert_eq!(priming.action_requested(digest).len(), 1));
    let misses = priming.misses(priming.resolver().element_of(COMPILE));
    assert!(misses.iter().all(|miss| miss.requested.is_some() && miss.requested == miss.predicted));
    let mut buckets: Vec<&str> = misses.iter().map(|miss| &*miss.bucket).collect();
    buckets.sort_unstable();
    assert_eq!(buckets, ["skipped-overtaken", "skipped-overtaken", "skipped-preempted"]);
}

#[test]
fn a_request_of_what_is_pending_says_what_it_waits_for() {
    let store = Store::new();
    let (mut priming, _) = compiles(&store, 1, GuardedPrimingPolicy::default(), Budget::default());
    let requested = Digest::of(b"the requested action");
    priming.request_observed(COMPILE, requested, Vec::new());
    let misses = priming.misses(priming.resolver().element_of(COMPILE));
    let waited: Vec<_> = misses.iter().map(|miss| (&*miss.bucket, miss.waited_for.as_deref())).collect();
    assert_eq!(waited, [("pending-artifact", Some("the artifact of dep.bst"))]);
}

#[test]
fn the_first_request_with_a_new_generated_file_corrects_other_actions() {
    let store = Store::new();
    let (mut priming, origin) = compiles(&store, 10, GuardedPrimingPolicy::default(), Budget::default());
    let unchanged = priming.origins_known(vec![(origin, Some(text(&store, "1")))]);
    assert_eq!(unchanged, [], "nothing differs");
    let real = Digest::of(b"the requested action");
    assert_eq!(priming.action_requested(&real), []);
    let effects = priming.request_observed(COMPILE, real, vec![(InputId(0), text(&store, "c2"))]);
    let sent = submitted(&carry_out(&mut priming, &store, effects));
    assert_eq!(sent.len(), 9, "all except the requested one");
    let totals = priming.totals();
    assert_eq!(totals.count(Bucket::Skipped(SkipCause::Overtaken)), 1);
}

#[test]
fn a_request_whose_command_several_have_has_no_counterpart() {
    let store = Store::new();
    let mut app = RecordDraft::of(&store, "app.bst");
    app.input("conftest.c=1", &[]);
    app.input("conftest.c=2", &[]);
    for (words, source) in [("cc conftest.c", "1"), ("cc conftest.c", "2"), ("cc main.c", "1")] {
        app.action(words, &[&format!("conftest.c={source}")], &[]);
    }
    let mut resolver = Resolver::default();
    let element = resolver.register(app.expand());
    let effects =
        [0, 2].map(|action| resolver.expanded_action(ActionId(action)).expect("it is readable").command);
    let bases = [0, 2].map(|action| resolver.recorded(ActionId(action)).base);
    let priming =
        PrimingState::new(resolver, GuardedPrimingPolicy::default(), Budget::default(), HashMap::new());
    assert_eq!(
        effects.map(|command| priming.recorded_action_for(element, &command)),
        [None, Some(ActionId(2))]
    );
    let known = bases.map(|base| priming.resolver().action_by_base(element, &base));
    assert_eq!(known, [Some(ActionId(0)), Some(ActionId(2))]);
}

#[test]
fn a_contradiction_is_of_one_prediction() {
    let store = Store::new();
    let (mut priming, origin) = compiles(&store, 1, GuardedPrimingPolicy::default(), Budget::default());
    let effects = priming.origins_known(vec![(origin, Some(text(&store, "2")))]);
    let [PrimingEffect::Adapt { action, round, .. }] = effects[..] else { panic!("{effects:?}") };
    priming.action_adapted(action, round, AdaptResult::Contradiction);
    assert_eq!(priming.bucket(action), Bucket::Impossible(ImpossibleCause::Contradiction));
    let effects = priming.origins_known(vec![(origin, Some(text(&store, "3")))]);
    assert!(matches!(effects[..], [PrimingEffect::Adapt { .. }]), "{effects:?}");
}

#[test]
fn a_corrected_prediction_is_cancelled_and_sent_anew() {
    let store = Store::new();
    let (mut priming, sent) = changed(&store, 2, GuardedPrimingPolicy::default(), Budget::default());
    let real = Digest::of(b"another");
    let effects = priming.request_observed(COMPILE, real, vec![(InputId(0), text(&store, "c2"))]);
    let rest = carry_out(&mut priming, &store, effects);
    let cancelled = rest.iter().filter(|command| matches!(command, PrimingEffect::Cancel { .. })).count();
    assert_eq!((cancelled, submitted(&rest).len()), (2, 1));
    // Of the old executions, only the costs count.
    for (action, digest) in sent {
        priming.execution_ended(action, digest, ran(&store, "0.o"));
    }
    assert_eq!(priming.totals().count(Bucket::Unused), 2, "both predictions were wrong");
}

#[test]
fn a_request_overtakes_queued_actions() {
    let store = Store::new();
    let one = Budget { in_flight: 1, ..Budget::default() };
    let (mut priming, sent) = changed(&store, 2, GuardedPrimingPolicy::default(), one);
    assert_eq!(sent.len(), 1);
    let other = ActionId(1 - sent[0].0.0);
    let waiting = priming.action_state(other).stage.digest().expect("it is instantiated");
    assert_eq!(priming.action_requested(&waiting), [other]);
    assert_eq!(priming.execution_ended(sent[0].0, sent[0].1, ran(&store, "0.o")), []);
    assert_eq!(priming.admit(), [], "nothing is left to send");
    assert_eq!(priming.totals().count(Bucket::Skipped(SkipCause::Overtaken)), 1);
}

#[test]
fn more_urgent_candidates_go_before_queued_ones() {
    let store = Store::new();
    let mut app = RecordDraft::of(&store, "app.bst");
    let compile = store.action("cc -c 0.c", &store.tree(&["dep.h=1", "late.h=1"]));
    app.input("dep.h=1", &[("artifact dep.bst:dep.h", None)]);
    app.input("late.h=1", &[("artifact late.bst:late.h", None)]);
    app.input("src/0.o=o", &[("action app.bst:0.o", Some(compile))]);
    app.action("cc -c 0.c", &["dep.h=1", "late.h=1"], &["0.o=o"]);
    app.action("cc 0.o", &["src/0.o=o"], &["0=x"]);
    (1..4).for_each(|number| _ = app.action(&format!("cc -c {number}.c"), &["dep.h=1"], &[]));
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    let [dep, late] = ["dep.bst", "late.bst"].map(|name| resolver.element_id(name));
    let [dep, late] = [dep, late].map(|element| resolver.wanted_paths(Fact::Artifact(element))[0].0);
    let one = Budget { in_flight: 1, ..Budget::default() };
    let mut priming = PrimingState::new(resolver, GuardedPrimingPolicy::default(), one, HashMap::new());
    priming.start();
    let tell = |priming: &mut PrimingState, origin| {
        let effects = priming.origins_known(vec![(origin, Some(text(&store, "2")))]);
        submitted(&carry_out(priming, &store, effects))
    };
    let first = tell(&mut priming, dep);
    assert_eq!(first.len(), 1, "two others are queued");
    // The link depends on this one, which could not be predicted before.
    assert_eq!(tell(&mut priming, late), [], "there is no room yet");
    priming.execution_ended(first[0].0, first[0].1, ran(&store, "1.o"));
    assert_eq!(submitted(&priming.admit())[0].0, COMPILE);
}

#[test]
fn what_a_running_build_requests_next_goes_to_busy_workers_elsewhere() {
    let store = Store::new();
    for (elsewhere, begins, expected) in [(true, true, 3), (true, false, 0), (false, true, 0)] {
        let (mut priming, origin) = compiles(&store, 4, GuardedPrimingPolicy::default(), Budget::default());
        let app = priming.resolver().element_of(COMPILE);
        let busy = WorkerLoad { slots: 2, busy: 4, primed_running_ms: 0, elsewhere };
        priming.set_load(busy);
        let effects = priming.origins_known(vec![(origin, Some(text(&store, "2")))]);
        let effects = carry_out(&mut priming, &store, effects);
        let sent = submitted(&effects);
        assert_eq!(sent.len(), 1, "no worker is idle");
        priming.action_requested(&sent[0].1);
        priming.set_load(WorkerLoad { busy: 5, ..busy });
        if begins {
            priming.build_begins(app);
        }
        let next = submitted(&priming.admit());
        assert_eq!(next.len(), expected, "elsewhere: {elsewhere}, begun: {begins}");
        priming.element_ended(app);
        assert_eq!(priming.admit(), []);
    }
}

#[test]
fn the_budget_bounds_submissions() {
    let store = Store::new();
    // A recorded action took 10 ms.
    let budget = Budget { in_flight: 2, cpu_ms: 30, output_bytes: 100, ..Budget::default() };
    let (mut priming, mut sent) = changed(&store, 9, GuardedPrimingPolicy::default(), budget);
    assert_eq!(sent.len(), 2);
    let mut all = sent.len();
    while let Some((action, digest)) = sent.pop() {
        let finished =
            ExecutionEnd { outcome: ExecutionOutcome::Succeeded(vec![]), took_ms: 10, cpu_ms: 10, bytes: 1 };
        assert_eq!(priming.execution_ended(action, digest, finished), []);
        let more = submitted(&priming.admit());
        all += more.len();
        sent.extend(more);
    }
    assert_eq!(all, 3);
    priming.element_ended(priming.resolver().element_of(COMPILE));
    assert_eq!(priming.totals().count(Bucket::Skipped(SkipCause::Budget)), 6);
}

#[test]
fn a_request_for_an_action_that_the_budget_does_not_allow_is_counted() {
    let store = Store::new();
    let budget = Budget { cpu_ms: 0, ..Budget::default() };
    let (mut priming, sent) = changed(&store, 2, GuardedPrimingPolicy::default(), budget);
    assert_eq!(sent, []);
    let predicted = priming.action_state(COMPILE).predicted.expect("it is instantiated");
    assert_eq!(priming.action_requested(&predicted), [COMPILE]);
    priming.element_ended(priming.resolver().element_of(COMPILE));
    assert_eq!(priming.totals().count(Bucket::Skipped(SkipCause::Budget)), 2);
}

#[test]
fn what_exceeds_the_budget_is_cancelled_unless_a_request_joined_it() {
    let store = Store::new();
    let budget = Budget { cpu_ms: 1000, ..Budget::default() };
    let (mut priming, sent) = changed(&store, 3, GuardedPrimingPolicy::default(), budget);
    assert_eq!(sent.len(), 3);
    priming.action_requested(&sent[0].1);
    let load = |primed_running_ms| WorkerLoad { slots: 4, busy: 3, primed_running_ms, elsewhere: false };
    priming.set_load(load(1000));
    assert_eq!(priming.admit(), [], "nothing is exceeded yet");
    priming.set_load(load(1001));
    let mut cancelled: Vec<_> = sent[1..]
        .iter()
        .map(|(action, digest)| PrimingEffect::Cancel { action: *action, digest: *digest })
        .collect();
    cancelled.sort_by_key(|effect| match effect {
        PrimingEffect::Cancel { action, .. } => *action,
        _ => COMPILE,
    });
    assert_eq!(priming.admit(), cancelled);
    for (action, digest) in &sent[1..] {
        let end =
            ExecutionEnd { outcome: ExecutionOutcome::NotExecuted, took_ms: 501, cpu_ms: 501, bytes: 0 };
        priming.execution_ended(*action, *digest, end);
    }
    priming.set_load(WorkerLoad { slots: 4, busy: 1, ..WorkerLoad::default() });
    assert_eq!(priming.admit(), [], "nothing is left of the budget");
    priming.element_ended(priming.resolver().element_of(COMPILE));
    let totals = priming.totals();
    assert_eq!((totals.count(Bucket::Joined), totals.count(Bucket::Unused)), (1, 2));
}

/// Submits odd actions, skips others, and counts what it is told.
#[derive(Default)]
struct Odd(Vec<Outcome>);

impl PrimingPolicy for Odd {
    fn decide(
        &mut self,
        candidates: &[Candidate],
        _: &PrimingLoad,
        _: &dyn PrimingFacts,
    ) -> Result<Vec<Decision>, PolicyError> {
        let decide = |candidate: &Candidate| match candidate.action % 2 {
            1 => Decision::Submit { priority: 5 },
            _ => Decision::Skip(SkipReason::TooCheap),
        };
        Ok(candidates.iter().map(decide).collect())
    }

    fn observe(&mut self, outcomes: &[Observation], _: &dyn PrimingFacts) -> Result<(), PolicyError> {
        self.0.extend(outcomes.iter().map(|observation| observation.outcome));
        Ok(())
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        Ok(format!("{:?}", self.0).into_bytes())
    }
}

#[test]
fn the_policy_is_told_of_wrong_predictions() {
    let store = Store::new();
    let policy = GuardedPrimingPolicy::new(Box::new(Odd::default()));
    let (mut priming, _) = changed(&store, 4, policy.clone(), Budget::default());
    priming.request_observed(ActionId(1), Digest::of(b"otherwise"), Vec::new());
    priming.element_ended(priming.resolver().element_of(COMPILE));
    assert_eq!(priming.totals().count(Bucket::Unused), 2);
    assert_eq!(policy.remember().as_deref(), Some(&b"[Unused, Unused]"[..]));
}

#[test]
fn skipped_actions_are_predicted() {
    let store = Store::new();
    let policy = GuardedPrimingPolicy::new(Box::new(Odd::default()));
    let (mut priming, _) = changed(&store, 5, policy, Budget::default());
    let predicted = priming.action_state(COMPILE).predicted.expect("it is instantiated");
    assert_eq!(priming.action_requested(&predicted), [COMPILE]);
    priming.request_observed(ActionId(2), Digest::of(b"otherwise"), Vec::new());
    let app = priming.resolver().element_of(COMPILE);
    priming.element_ended(app);
    let confirmed: Vec<Option<bool>> =
        priming.prediction_results(app).into_iter().map(|result| result.confirmed).collect();
    assert_eq!(confirmed, [Some(true), Some(false), Some(false), Some(false), Some(false)]);
    assert_eq!(priming.totals().count(Bucket::Skipped(SkipCause::Policy(SkipReason::TooCheap))), 3);
}

#[test]
fn the_policy_decides_and_is_told_outcomes() {
    let store = Store::new();
    let policy = GuardedPrimingPolicy::new(Box::new(Odd::default()));
    let (mut priming, sent) = changed(&store, 4, policy.clone(), Budget::default());
    assert_eq!(sent.iter().map(|(action, _)| action.0).collect::<Vec<_>>(), [1, 3]);
    priming.action_requested(&sent[0].1);
    priming.element_ended(priming.resolver().element_of(COMPILE));
    assert_eq!(priming.totals().count(Bucket::Skipped(SkipCause::Policy(SkipReason::TooCheap))), 2);
    assert_eq!(policy.remember().as_deref(), Some(&b"[Joined, Unused]"[..]));
}

/// Breaks its contract.
struct Broken;

impl PrimingPolicy for Broken {
    fn decide(
        &mut self,
        _: &[Candidate],
        _: &PrimingLoad,
        _: &dyn PrimingFacts,
    ) -> Result<Vec<Decision>, PolicyError> {
        let (policy, message) = ("broken".to_owned(), "unreachable".to_owned());
        Err(PolicyError { reason: "plugin-trap", policy, activity: "decide", message, hint: "report it" })
    }
}

#[test]
fn a_broken_policy_is_replaced_by_the_built_in_one() {
    use spec_model::UserError;
    let store = Store::new();
    let policy = GuardedPrimingPolicy::new(Box::new(Broken));
    let (_, sent) = changed(&store, 4, policy.clone(), Budget::default());
    assert_eq!(sent.len(), 4);
    let warning = policy.take_warning().expect("it was replaced");
    assert_eq!((warning.reason(), warning.hint().as_deref()), ("plugin-trap", Some("report it")));
}
