//! Replays of generated recordings.

mod generated;

use generated::GeneratedBuild;
use spec_replay::{RecordedSession, ReplayOptions, ReplayOutcome, compare, replay};
use spec_speculation::priming::Budget;
use spec_strategy::{
    BuiltInOverlayPolicy, BuiltInPrimingPolicy, Candidate, Decision, PolicyError, PrimingFacts, PrimingLoad,
    PrimingPolicy, ReasonCode, SkipReason,
};

const SMALL: GeneratedBuild = GeneratedBuild { elements: 3, actions: 10, work_us: 50_000, think_us: 5_000 };

/// Skips everything.
struct Idle;

impl PrimingPolicy for Idle {
    fn decide(
        &mut self,
        candidates: &[Candidate],
        _: &PrimingLoad,
        _: &dyn PrimingFacts,
    ) -> Result<Vec<Decision>, PolicyError> {
        Ok(vec![Decision::Skip(SkipReason::Other(ReasonCode::OTHER)); candidates.len()])
    }
}

fn options(priming: Option<Box<dyn PrimingPolicy>>, workers: usize) -> ReplayOptions {
    let budget = Some(Budget::default());
    ReplayOptions { priming, overlay: Box::new(BuiltInOverlayPolicy), workers: Some(workers), budget }
}

fn replayed(
    session: &RecordedSession,
    priming: Option<Box<dyn PrimingPolicy>>,
    workers: usize,
) -> ReplayOutcome {
    replay(session, options(priming, workers)).expect("its jobs end")
}

fn built_in() -> Option<Box<dyn PrimingPolicy>> {
    Some(Box::new(BuiltInPrimingPolicy))
}

#[test]
fn without_priming_a_build_takes_as_long_as_recorded() {
    let session = SMALL.session();
    for priming in [None, Some(Box::new(Idle) as Box<dyn PrimingPolicy>)] {
        let outcome = replayed(&session, priming, 4);
        assert_eq!(outcome.wall_us, session.wall_us());
        assert_eq!((outcome.executed, outcome.hits, outcome.joined), (30, 0, 0));
    }
    assert_eq!((session.action_count(), session.request_count(), session.answers().executed), (30, 30, 30));
}

#[test]
fn what_is_primed_is_hit_or_joined() {
    let session = SMALL.session();
    let outcome = replayed(&session, built_in(), 4);
    assert_eq!((outcome.executed, outcome.hits + outcome.joined), (0, 30), "{outcome:?}");
    assert!(outcome.wall_us < session.wall_us() / 2, "{} of {}", outcome.wall_us, session.wall_us());
    assert_eq!(outcome.totals.cpu_ms, 30 * 50);
    assert_eq!(outcome.wasted_cpu_ms(), 0);
    let more = replayed(&session, built_in(), 64);
    assert!(more.wall_us <= outcome.wall_us, "{} with 4, {} with 64 workers", outcome.wall_us, more.wall_us);
}

#[test]
fn the_same_recording_and_policy_give_the_same_outcome() {
    let session = SMALL.session();
    let outcomes = [1, 1, 1].map(|workers| format!("{:?}", replayed(&SMALL.session(), built_in(), workers)));
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
    let same = [replayed(&session, built_in(), 3), replayed(&session, built_in(), 3)];
    let comparison = compare(&session, &[&same[0], &same[1]], 3);
    assert!(!comparison.can_be_told_apart && comparison.first.is_empty());
}

#[test]
fn different_decisions_are_named() {
    let session = SMALL.session();
    let outcomes = [replayed(&session, built_in(), 4), replayed(&session, Some(Box::new(Idle)), 4)];
    let comparison = compare(&session, &[&outcomes[0], &outcomes[1]], 2);
    assert!(comparison.can_be_told_apart);
    assert_eq!((comparison.count, comparison.first.len()), (30, 2));
    let first = &comparison.first[0];
    assert_eq!((first.action, first.element.as_str(), first.program.as_str()), (0, "link0.bst", "cc"));
    let decided: Vec<_> = first.decisions.iter().map(|logged| logged.map(|logged| logged.decision)).collect();
    assert!(matches!(decided[..], [Some(Decision::Submit { .. }), Some(Decision::Skip(_))]), "{decided:?}");
}

#[test]
fn one_worker_serves_requests_before_primed_actions() {
    let session = SMALL.session();
    let outcome = replayed(&session, built_in(), 1);
    assert!(outcome.wall_us <= session.wall_us() * 11 / 10, "{} of {}", outcome.wall_us, session.wall_us());
    assert_eq!(outcome.hits + outcome.joined + outcome.executed, 30);
}
