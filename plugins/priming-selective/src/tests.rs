use spec_guest_sdk::priming::LastDecision;
use spec_guest_sdk::testing::{self, TestAction, TestFacts};

use super::*;

fn worth_it() -> Candidate {
    Candidate { action: 1, program: 7, critical_ms: 500, ..Candidate::default() }
}

fn load() -> Load {
    Load { slots: Some(2), free: 10, cpu_left_ms: Some(10_000), ..Load::default() }
}

fn session(memory: &[u8], settings: &[(&str, &str)]) -> Selective {
    let settings = testing::settings(&Selective::describe(), settings).expect("they are right");
    Selective::open(&settings, memory).expect("they are right")
}

fn skipped(policy: &mut Selective, candidate: Candidate) -> Option<SkipReason> {
    skipped_that_took(policy, Some(Execution { run_ms: 500, cpu_ms: Some(400) }), candidate)
}

/// Of a candidate that took so long when it was recorded.
fn skipped_that_took(
    policy: &mut Selective,
    took: Option<Execution>,
    candidate: Candidate,
) -> Option<SkipReason> {
    let action = TestAction { history: took.into_iter().collect(), ..TestAction::default() };
    let facts = TestFacts { actions: [(candidate.action, action)].into(), ..TestFacts::default() };
    match facts.during(|| policy.decide(&[candidate], &load()))[..] {
        [Decision::Skip(reason)] => Some(reason),
        [Decision::Submit(_)] => None,
        ref other => panic!("{other:?}"),
    }
}

/// A session in which nobody asks for this many actions of program 7; returns what it remembers.
fn memory_after_misses(memory: &[u8], settings: &[(&str, &str)], count: u32) -> Vec<u8> {
    let mut policy = session(memory, settings);
    for action in 0..count {
        policy.decide(&[Candidate { action, ..worth_it() }], &load());
        policy.observe(&[Observation {
            action,
            decision: LastDecision::Submitted,
            outcome: Outcome::Unused,
            run_ms: Some(500),
            cpu_ms: Some(400),
        }]);
    }
    policy.remember()
}

#[test]
fn what_is_not_worth_it_is_skipped_with_a_reason() {
    let mut policy = session(&[], &[]);
    assert_eq!(skipped(&mut policy, worth_it()), None);
    let short = Some(Execution { run_ms: 9, cpu_ms: Some(9) });
    assert_eq!(skipped_that_took(&mut policy, short, worth_it()), Some(SkipReason::TooCheap));
    let is_read = Candidate { fan_out: 1, ..worth_it() };
    assert_eq!(skipped_that_took(&mut policy, short, is_read), None);
    assert_eq!(skipped_that_took(&mut policy, None, worth_it()), None);
    let dear = Some(Execution { run_ms: 500, cpu_ms: Some(6000) });
    assert_eq!(skipped_that_took(&mut policy, dear, worth_it()), Some(SkipReason::TooDear));
    assert_eq!(skipped(&mut policy, Candidate { misses: 20, ..worth_it() }), Some(SkipReason::Unlikely));
    assert_eq!(skipped(&mut policy, Candidate { misses: 20, hits: 20, ..worth_it() }), None);
}

#[test]
fn a_program_whose_actions_were_not_asked_for_is_remembered() {
    let memory = memory_after_misses(&[], &[], 30);
    let mut next = session(&memory, &[]);
    assert_eq!(skipped(&mut next, worth_it()), Some(SkipReason::Unlikely));
    assert_eq!(skipped(&mut next, Candidate { program: 8, ..worth_it() }), None);
    assert_eq!(
        skipped(&mut next, Candidate { hits: 3, ..worth_it() }),
        None,
        "the action's own past counts more"
    );
    assert_eq!(skipped(&mut session(&memory, &[("least-percent", "0")]), worth_it()), None);
}

#[test]
fn everything_is_tried_again_now_and_then() {
    let every = [("try-all-every", "3")];
    let mut memory = memory_after_misses(&[], &every, 30);
    let mut tried = Vec::new();
    for _ in 2..8 {
        let mut policy = session(&memory, &every);
        tried.push(skipped(&mut policy, worth_it()).is_none());
        memory = policy.remember();
    }
    assert_eq!(tried, [false, true, false, false, true, false]);
}

#[test]
fn the_likely_and_long_go_first() {
    let mut policy = session(&[], &[]);
    let likely = Candidate { hits: 9, ..worth_it() };
    let less = Candidate { hits: 9, misses: 9, ..worth_it() };
    let longer = Candidate { critical_ms: 5000, ..likely };
    let priorities =
        policy.decide(&[longer, likely, less], &load()).into_iter().map(|decision| match decision {
            Decision::Submit(priority) => priority,
            other => panic!("{other:?}"),
        });
    let priorities: Vec<_> = priorities.collect();
    assert!(priorities.is_sorted_by(|one, other| one < other), "{priorities:?}");
}

#[test]
fn memory_that_nobody_wrote_is_empty_and_much_of_it_is_cut() {
    for damaged in [&b"abc"[..], b"abcdefg", &[255; 12]] {
        let memory = Memory::read(damaged);
        assert!(memory.write().len() <= 12, "{memory:?}");
    }
    let mut memory = Memory { sessions: 5, ..Memory::default() };
    (0..10_000).for_each(|program| memory.rates.entry(program).or_default().count(true));
    memory.rates.entry(10_000).or_default().count(true);
    memory.rates.entry(10_000).or_default().count(false);
    let bytes = memory.write();
    assert!(bytes.len() < 64 << 10);
    let read = Memory::read(&bytes);
    assert_eq!((read.sessions, read.rates.len()), (5, 4096));
    assert_eq!(read.rates.get(&10_000), memory.rates.get(&10_000));
}
