use super::*;

const WORTH_IT: Candidate = Candidate {
    action: 1,
    element: 0,
    program: 7,
    took_ms: 500,
    cpu_ms: 400,
    hits: 0,
    misses: 0,
    element_hits: 0,
    element_misses: 0,
    fan_out: 0,
    critical_ms: 500,
    distance: 0,
};

const MACHINE: Machine = Machine {
    slots: 2,
    real: 0,
    primed: 0,
    sent: 0,
    hits: 0,
    free: 10,
    cpu_left_ms: 10_000,
    bytes_left: 1 << 30,
};

fn session(memory: &[u8], settings: &[(&str, &str)]) -> Selective {
    let text = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Selective::open(&mut Settings::new(settings.iter().map(text).collect()), memory).expect("they are right")
}

fn skipped(policy: &mut Selective, candidate: Candidate) -> Option<SkipReason> {
    match policy.decide(&[candidate], &MACHINE)[..] {
        [Decision::Skip(reason)] => Some(reason),
        [Decision::Submit(_)] => None,
        ref other => panic!("{other:?}"),
    }
}

/// A session in which nobody asks for this many actions of program 7; returns what it remembers.
fn memory_after_misses(memory: &[u8], settings: &[(&str, &str)], count: u32) -> Vec<u8> {
    let mut policy = session(memory, settings);
    for action in 0..count {
        policy.decide(&[Candidate { action, ..WORTH_IT }], &MACHINE);
        policy.observe(&[Observation { action, outcome: Outcome::Unused, cpu_ms: 400 }]);
    }
    policy.remember()
}

#[test]
fn what_is_not_worth_it_is_skipped_with_a_reason() {
    let mut policy = session(&[], &[]);
    assert_eq!(skipped(&mut policy, WORTH_IT), None);
    assert_eq!(skipped(&mut policy, Candidate { took_ms: 9, ..WORTH_IT }), Some(SkipReason::TooCheap));
    assert_eq!(skipped(&mut policy, Candidate { took_ms: 9, fan_out: 1, ..WORTH_IT }), None);
    assert_eq!(skipped(&mut policy, Candidate { took_ms: 0, ..WORTH_IT }), None);
    assert_eq!(skipped(&mut policy, Candidate { cpu_ms: 6000, ..WORTH_IT }), Some(SkipReason::TooDear));
    assert_eq!(skipped(&mut policy, Candidate { misses: 20, ..WORTH_IT }), Some(SkipReason::Unlikely));
    assert_eq!(skipped(&mut policy, Candidate { misses: 20, hits: 20, ..WORTH_IT }), None);
}

#[test]
fn a_program_whose_actions_were_not_asked_for_is_remembered() {
    let memory = memory_after_misses(&[], &[], 30);
    let mut next = session(&memory, &[]);
    assert_eq!(skipped(&mut next, WORTH_IT), Some(SkipReason::Unlikely));
    assert_eq!(skipped(&mut next, Candidate { program: 8, ..WORTH_IT }), None);
    assert_eq!(
        skipped(&mut next, Candidate { hits: 3, ..WORTH_IT }),
        None,
        "the action's own past counts more"
    );
    assert_eq!(skipped(&mut session(&memory, &[("least-percent", "0")]), WORTH_IT), None);
}

#[test]
fn everything_is_tried_again_now_and_then() {
    let every = [("try-all-every", "3")];
    let mut memory = memory_after_misses(&[], &every, 30);
    let mut tried = Vec::new();
    for _ in 2..8 {
        let mut policy = session(&memory, &every);
        tried.push(skipped(&mut policy, WORTH_IT).is_none());
        memory = policy.remember();
    }
    assert_eq!(tried, [false, true, false, false, true, false]);
}

#[test]
fn the_likely_and_long_go_first() {
    let mut policy = session(&[], &[]);
    let likely = Candidate { hits: 9, ..WORTH_IT };
    let less = Candidate { hits: 9, misses: 9, ..WORTH_IT };
    let longer = Candidate { critical_ms: 5000, ..likely };
    let priorities =
        policy.decide(&[longer, likely, less], &MACHINE).into_iter().map(|decision| match decision {
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
