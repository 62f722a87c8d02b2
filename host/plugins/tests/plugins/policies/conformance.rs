//! The contract of policies: the checks test a policy.

use std::collections::HashSet;

use spec_plugins::{overlay_policies, priming_policies};
use spec_strategy::{
    BuiltInOverlayPolicy, BuiltInPrimingPolicy, Candidate, ChangedFile, Choice, Decision, InputAlternatives,
    InputOrigins, Machine, Observation, OriginInfo, OriginKind, OriginState, Outcome, OverlayPolicy,
    PrimingPolicy, SkipReason,
};

use super::{embedded, overlay, priming};

const KINDS: [OriginKind; 3] = [OriginKind::Source, OriginKind::Action, OriginKind::Artifact];
const STANDINGS: [OriginState; 4] =
    [OriginState::Unchanged, OriginState::Changed, OriginState::Pending, OriginState::Gone];

#[test]
fn overlay_policies_keep_to_the_contract() {
    check_overlays(&mut || Box::new(BuiltInOverlayPolicy));
    for name in overlay_policies() {
        check_overlays(&mut || overlay(&embedded(name, &[])).expect("embedded policies need no settings"));
    }
}

#[test]
fn priming_policies_keep_to_the_contract() {
    check_priming(&mut || Box::new(BuiltInPrimingPolicy));
    for name in priming_policies() {
        check_priming(&mut || priming(&embedded(name, &[])).expect("embedded policies need no settings"));
    }
}

#[test]
fn the_built_in_policy_is_eager_about_what_is_likely() {
    let mut component = priming(&embedded("priming-eager", &[])).expect("it needs no settings");
    let candidates = candidates();
    let mut decided = component.decide(&candidates, &ROOMY).expect("it answers");
    for (candidate, decision) in candidates.iter().zip(&mut decided) {
        if candidate.misses >= 3 && u64::from(candidate.hits) * 4 < candidate.misses.into() {
            *decision = Decision::Skip(SkipReason::Unlikely);
        }
    }
    let proven = Machine { hits: 1, ..ROOMY };
    assert_eq!(BuiltInPrimingPolicy.decide(&candidates, &proven).expect("it answers"), decided);
}

/// Checks an overlay policy; `make` returns a new one.
fn check_overlays(make: &mut dyn FnMut() -> Box<dyn OverlayPolicy>) {
    let mut policy = make();
    let origins = origins();
    let selected = policy.select(&origins).expect("it answers");
    assert_eq!(selected.len(), origins.len());
    for (input, picks) in origins.iter().zip(&selected) {
        let different: HashSet<_> = picks.iter().collect();
        assert_eq!(different.len(), picks.len(), "an alternative twice: {picks:?}");
        assert!(picks.iter().all(|pick| usize::from(*pick) < input.origins.len()), "{picks:?}");
    }
    let standings = standings();
    let choices = policy.choose(&standings).expect("it answers");
    assert_eq!(choices.len(), standings.len());
    standings.iter().zip(&choices).for_each(|(input, choice)| check_choice(input, *choice));
    for (input, choice) in standings.iter().zip(&choices) {
        let alone = policy.choose(std::slice::from_ref(input)).expect("it answers");
        assert_eq!(alone, [*choice], "it depends on what else is asked: {input:?}");
    }
    assert_eq!(policy.select(&[]).expect("it answers"), Vec::<Vec<u8>>::new());
    assert_eq!(policy.choose(&[]).expect("it answers"), []);
    assert_eq!(make().choose(&standings).expect("it answers"), choices, "another session, another answer");
    if policy.scans() {
        check_proposals(&mut *policy);
    }
}

fn check_choice(input: &InputAlternatives, choice: Choice) {
    let standings: Vec<_> = input.alternatives.iter().map(|(_, standing)| *standing).collect();
    let possible = match choice {
        Choice::Take(index) => {
            matches!(standings.get(usize::from(index)), Some(OriginState::Unchanged | OriginState::Changed))
        }
        Choice::Wait => standings.contains(&OriginState::Pending),
        Choice::GiveUp => true,
    };
    assert!(possible, "{choice:?} of {standings:?}");
}

fn check_proposals(policy: &mut dyn OverlayPolicy) {
    let file = |before: &[u8], after: &[u8]| ChangedFile {
        path: "usr/include/dep.h".to_owned(),
        before: before.to_vec(),
        after: after.to_vec(),
    };
    let files = [
        file(b"#include <a.h>\n", b"#include <a.h>\n"),
        file(b"\x7fELF\0\xff", b""),
        file(b"", b"#include <new.h>\n"),
    ];
    let proposals = policy.propose(&files).expect("it answers");
    assert!(proposals.iter().all(|proposal| proposal.file == 2), "only the third changed: {proposals:?}");
    assert!(!proposals.is_empty(), "it scans and sees nothing");
}

/// Inputs with none, one and many origins.
fn origins() -> Vec<InputOrigins> {
    let of = |kinds: &[OriginKind]| {
        kinds.iter().zip(0..).map(|(kind, element)| OriginInfo { kind: *kind, element }).collect()
    };
    let many: Vec<OriginKind> = KINDS.iter().flat_map(|kind| [*kind; 85]).collect();
    let all = [&KINDS[..0], &KINDS[..1], &KINDS[2..], &KINDS, &many];
    (0..).zip(all).map(|(path, kinds)| InputOrigins { path, origins: of(kinds) }).collect()
}

/// Inputs with every combination of states of up to three alternatives.
fn standings() -> Vec<InputAlternatives> {
    let mut all: Vec<Vec<OriginState>> = vec![vec![]];
    for length in 0..3 {
        let longest: Vec<_> = all.iter().filter(|one| one.len() == length).cloned().collect();
        all.extend(longest.iter().flat_map(|one| STANDINGS.map(|next| [&one[..], &[next]].concat())));
    }
    let facts = |index: usize| OriginInfo { kind: KINDS[index], element: 0 };
    let input = |(input, standings): (u32, Vec<OriginState>)| InputAlternatives {
        input,
        alternatives: standings.iter().enumerate().map(|(index, one)| (facts(index), *one)).collect(),
    };
    (0..).zip(all).map(input).collect()
}

/// Checks a priming policy; `make` returns a new one without memory.
fn check_priming(make: &mut dyn FnMut() -> Box<dyn PrimingPolicy>) {
    let mut policy = make();
    let candidates = candidates();
    for machine in machines() {
        let decisions = policy.decide(&candidates, &machine).expect("it answers");
        assert_eq!(decisions.len(), candidates.len());
        let priorities = decisions.iter().filter_map(|decision| match decision {
            Decision::Submit { priority } => Some(*priority),
            Decision::Hold | Decision::Skip(_) => None,
        });
        assert!(priorities.max().is_none_or(|most| most <= 1000), "{decisions:?}");
        assert_eq!(make().decide(&candidates, &machine).expect("it answers").len(), candidates.len());
    }
    assert_eq!(policy.decide(&[], &Machine::default()).expect("it answers"), []);
    let outcomes = [Outcome::Used, Outcome::Joined, Outcome::Unused, Outcome::Failed];
    let told: Vec<Observation> =
        (0..).zip(outcomes.iter().cycle().take(candidates.len() + 3)).map(told).collect();
    policy.observe(&told).expect("it listens, also to what it never heard of");
    policy.observe(&[]).expect("it listens");
    assert!(policy.remember().expect("it answers").len() <= 64 << 10);
    something_is_submitted(&mut *make());
    equal_sessions_are_equal(make);
}

fn told((action, outcome): (u32, &Outcome)) -> Observation {
    Observation { action, outcome: *outcome, cpu_ms: 7 }
}

/// With a large budget, an action that took a second and was always requested is submitted.
fn something_is_submitted(policy: &mut dyn PrimingPolicy) {
    let sure = Candidate { took_ms: 1000, cpu_ms: 900, hits: 9, critical_ms: 1000, ..NOTHING };
    let decided = policy.decide(&[sure], &ROOMY).expect("it answers");
    assert!(matches!(decided[..], [Decision::Submit { .. }]), "{decided:?}");
}

fn equal_sessions_are_equal(make: &mut dyn FnMut() -> Box<dyn PrimingPolicy>) {
    let candidates = candidates();
    let mut run = || {
        let mut policy = make();
        let decided = policy.decide(&candidates, &ROOMY).expect("it answers");
        policy.observe(&[told((0, &Outcome::Used))]).expect("it listens");
        (decided, policy.remember().expect("it answers"))
    };
    assert_eq!(run(), run());
}

const NOTHING: Candidate = Candidate {
    action: 0,
    element: 0,
    program: 0,
    took_ms: 0,
    cpu_ms: 0,
    hits: 0,
    misses: 0,
    element_hits: 0,
    element_misses: 0,
    fan_out: 0,
    critical_ms: 0,
    distance: 0,
};

const ROOMY: Machine = Machine {
    slots: 4,
    real: 0,
    primed: 0,
    sent: 0,
    hits: 0,
    free: 8,
    cpu_left_ms: 1 << 40,
    bytes_left: 1 << 40,
};

/// Ordinary numbers and the largest.
fn candidates() -> Vec<Candidate> {
    let most = u32::MAX;
    let extremes = [
        NOTHING,
        Candidate { took_ms: most, cpu_ms: most, critical_ms: most, ..NOTHING },
        Candidate { hits: most, misses: most, fan_out: most, distance: most, ..NOTHING },
    ];
    let ordinary = (0..500).map(|n| Candidate {
        program: n % 7,
        element: n % 3,
        took_ms: n * 3,
        cpu_ms: n,
        critical_ms: n * 10,
        fan_out: n % 5,
        hits: n % 4,
        misses: n % 6,
        ..NOTHING
    });
    let all = extremes.into_iter().chain(ordinary);
    all.zip(0..).map(|(candidate, action)| Candidate { action, ..candidate }).collect()
}

fn machines() -> [Machine; 3] {
    let most = Machine {
        slots: u32::MAX,
        real: u32::MAX,
        primed: u32::MAX,
        sent: u32::MAX,
        hits: u32::MAX,
        free: u32::MAX,
        cpu_left_ms: u64::MAX,
        bytes_left: u64::MAX,
    };
    [Machine::default(), ROOMY, most]
}
