//! The contract of policies: the checks test a policy.

use std::collections::HashSet;

use spec_plugins::{overlay_policies, priming_policies};
use spec_strategy::{
    BuiltInOverlayPolicy, BuiltInPrimingPolicy, Candidate, ChangedFile, Choice, ChoiceObservation, Decision,
    InputAlternatives, InputOrigins, LastDecision, NoFacts, Observation, OriginInfo, OriginKind, OriginState,
    Outcome, OverlayPolicy, PrimingLoad, PrimingPolicy, Revision, SkipReason, SubmittedAction,
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
    let mut decided = component.decide(&candidates, &ROOMY, &NoFacts).expect("it answers");
    for (candidate, decision) in candidates.iter().zip(&mut decided) {
        if candidate.misses >= 3 && u64::from(candidate.hits) * 4 < candidate.misses.into() {
            *decision = Decision::Skip(SkipReason::Unlikely);
        }
    }
    let proven = PrimingLoad { hits: 1, ..ROOMY };
    assert_eq!(BuiltInPrimingPolicy.decide(&candidates, &proven, &NoFacts).expect("it answers"), decided);
}

/// Checks an overlay policy; `make` returns a new one.
fn check_overlays(make: &mut dyn FnMut() -> Box<dyn OverlayPolicy>) {
    let mut policy = make();
    let origins = origins();
    let selected = policy.select(&origins, &NoFacts).expect("it answers");
    assert_eq!(selected.len(), origins.len());
    for (input, picks) in origins.iter().zip(&selected) {
        let different: HashSet<_> = picks.iter().collect();
        assert_eq!(different.len(), picks.len(), "an alternative twice: {picks:?}");
        assert!(picks.iter().all(|pick| usize::from(*pick) < input.origins.len()), "{picks:?}");
    }
    let standings = standings();
    let choices = policy.choose(&standings, &NoFacts).expect("it answers");
    assert_eq!(choices.len(), standings.len());
    standings.iter().zip(&choices).for_each(|(input, choice)| check_choice(input, choice));
    for (input, choice) in standings.iter().zip(&choices) {
        let alone = policy.choose(std::slice::from_ref(input), &NoFacts).expect("it answers");
        assert_eq!(alone, std::slice::from_ref(choice), "it depends on what else is asked: {input:?}");
    }
    assert_eq!(policy.select(&[], &NoFacts).expect("it answers"), Vec::<Vec<u8>>::new());
    assert_eq!(policy.choose(&[], &NoFacts).expect("it answers"), []);
    assert_eq!(
        make().choose(&standings, &NoFacts).expect("it answers"),
        choices,
        "another session, another answer"
    );
    if policy.wants().propose {
        check_proposals(&mut *policy);
    }
    if policy.wants().observe {
        let told = |input: &InputAlternatives| ChoiceObservation {
            input: input.input,
            taken: (!input.alternatives.is_empty()).then_some(0),
            right: (0..input.alternatives.len() as u8).collect(),
        };
        let told: Vec<ChoiceObservation> = standings.iter().map(told).collect();
        policy.observe(&told, &NoFacts).expect("it listens");
    }
    assert!(policy.remember().expect("it answers").len() <= 64 << 10);
}

fn check_choice(input: &InputAlternatives, choice: &Choice) {
    let standings: Vec<_> = input.alternatives.iter().map(|(_, standing)| *standing).collect();
    let possible = match choice {
        Choice::Take(index) => {
            matches!(standings.get(usize::from(*index)), Some(OriginState::Unchanged | OriginState::Changed))
        }
        Choice::Rank(ranking) => {
            let different: HashSet<_> = ranking.iter().collect();
            !ranking.is_empty()
                && different.len() == ranking.len()
                && ranking.iter().all(|index| usize::from(*index) < standings.len())
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
    let proposals = policy.propose(&files, &NoFacts).expect("it answers");
    assert!(proposals.iter().all(|proposal| proposal.file == 2), "only the third changed: {proposals:?}");
    assert!(!proposals.is_empty(), "it scans and sees nothing");
}

/// Inputs with none, one and many origins.
fn origins() -> Vec<InputOrigins> {
    let of = |kinds: &[OriginKind]| {
        kinds
            .iter()
            .zip(0..)
            .map(|(kind, element)| OriginInfo { kind: *kind, element: Some(element) })
            .collect()
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
    let facts = |index: usize| OriginInfo { kind: KINDS[index], element: None };
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
    for load in loads() {
        let decisions = policy.decide(&candidates, &load, &NoFacts).expect("it answers");
        assert_eq!(decisions.len(), candidates.len());
        let priorities = decisions.iter().filter_map(|decision| match decision {
            Decision::Submit { priority } => Some(*priority),
            Decision::Hold | Decision::Skip(_) => None,
        });
        assert!(priorities.max().is_none_or(|most| most <= 1000), "{decisions:?}");
        assert_eq!(make().decide(&candidates, &load, &NoFacts).expect("it answers").len(), candidates.len());
    }
    assert_eq!(policy.decide(&[], &PrimingLoad::default(), &NoFacts).expect("it answers"), []);
    let outcomes = [Outcome::Used, Outcome::Joined, Outcome::Unused, Outcome::Failed, Outcome::Overtaken];
    let told: Vec<Observation> =
        (0..).zip(outcomes.iter().cycle().take(candidates.len() + 3)).map(told).collect();
    check_revisions(&mut *policy);
    policy.observe(&told, &NoFacts).expect("it listens, also to what it never heard of");
    policy.observe(&[], &NoFacts).expect("it listens");
    assert!(policy.remember().expect("it answers").len() <= 64 << 10);
    something_is_submitted(&mut *make());
    equal_sessions_are_equal(make);
}

fn told((action, outcome): (u32, &Outcome)) -> Observation {
    let decision = LastDecision::Submitted;
    Observation { action, decision, outcome: *outcome, run_ms: Some(9), cpu_ms: Some(7) }
}

/// A policy that revises answers with good priorities; others keep everything.
fn check_revisions(policy: &mut dyn PrimingPolicy) {
    let submitted = |action: u32| SubmittedAction {
        action,
        priority: action as u16 % 1001,
        running_ms: (!action.is_multiple_of(3)).then_some(action),
    };
    let submitted: Vec<SubmittedAction> = (0..100).map(submitted).collect();
    let revisions = policy.revise(&submitted, &ROOMY, &NoFacts).expect("it answers");
    assert_eq!(revisions.len(), submitted.len());
    let is_good = |revision: &Revision| match revision {
        Revision::Reprioritise { priority } => *priority <= 1000,
        Revision::Keep | Revision::Cancel => true,
    };
    assert!(revisions.iter().all(is_good), "{revisions:?}");
}

/// With a large budget, an action that took a second and was always requested is submitted.
fn something_is_submitted(policy: &mut dyn PrimingPolicy) {
    let sure = Candidate {
        run_ms: Some(1000),
        cpu_ms: Some(900),
        hits: 9,
        critical_ms: 1000,
        ..Candidate::default()
    };
    let decided = policy.decide(&[sure], &ROOMY, &NoFacts).expect("it answers");
    assert!(matches!(decided[..], [Decision::Submit { .. }]), "{decided:?}");
}

fn equal_sessions_are_equal(make: &mut dyn FnMut() -> Box<dyn PrimingPolicy>) {
    let candidates = candidates();
    let mut run = || {
        let mut policy = make();
        let decided = policy.decide(&candidates, &ROOMY, &NoFacts).expect("it answers");
        policy.observe(&[told((0, &Outcome::Used))], &NoFacts).expect("it listens");
        (decided, policy.remember().expect("it answers"))
    };
    assert_eq!(run(), run());
}

const ROOMY: PrimingLoad = PrimingLoad {
    slots: Some(4),
    requested: 0,
    primed: 0,
    submitted: 0,
    hits: 0,
    free: 8,
    cpu_left_ms: Some(1 << 40),
    bytes_left: None,
};

/// Ordinary numbers and the largest.
fn candidates() -> Vec<Candidate> {
    let most = u32::MAX;
    let nothing = Candidate::default();
    let extremes = [
        nothing,
        Candidate { run_ms: Some(most), cpu_ms: Some(most), critical_ms: most, ..nothing },
        Candidate { hits: most, misses: most, fan_out: most, distance: most, ..nothing },
    ];
    let ordinary = (0..500).map(|n| Candidate {
        program: n % 7,
        element: n % 3,
        run_ms: (n > 0).then_some(n * 3),
        cpu_ms: (n > 0).then_some(n),
        critical_ms: n * 10,
        fan_out: n % 5,
        hits: n % 4,
        misses: n % 6,
        ..nothing
    });
    let all = extremes.into_iter().chain(ordinary);
    all.zip(0..).map(|(candidate, action)| Candidate { action, ..candidate }).collect()
}

fn loads() -> [PrimingLoad; 3] {
    let most = PrimingLoad {
        slots: Some(u32::MAX),
        requested: u32::MAX,
        primed: u32::MAX,
        submitted: u32::MAX,
        hits: u32::MAX,
        free: u32::MAX,
        cpu_left_ms: Some(u64::MAX),
        bytes_left: Some(u64::MAX),
    };
    [PrimingLoad::default(), ROOMY, most]
}
