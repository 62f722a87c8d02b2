//! Tests of policies that fail. Invalid answers are not checked in this crate: `spec-speculation` checks them.

use std::time::Duration;

use spec_model::UserError;
use spec_plugins::{Limits, Options};
use spec_strategy::{
    Candidate, InputAlternatives, NoFacts, OriginInfo, OriginKind, OriginState, PolicyError, PrimingLoad,
};

use super::{embedded, guest, overlay, priming, priming_with};
use crate::support::options;

fn candidate() -> Candidate {
    Candidate { run_ms: Some(10), cpu_ms: Some(10), critical_ms: 10, ..Candidate::default() }
}

fn check(error: &PolicyError, policy: &str, activity: &str, reason: &str, says: &str) {
    assert_eq!((error.reason, error.activity), (reason, activity), "{error}");
    assert!(error.policy.starts_with(policy) && error.policy.contains(".wasm"), "{error}");
    assert!(error.to_string().contains(says), "'{says}' is not in: {error}");
}

#[test]
fn a_priming_policy_that_fails_says_how() {
    for (does, reason, says) in [
        ("traps", "plugin-trap", "unreachable"),
        ("panics", "plugin-trap", "no idea what to do with 1 candidates"),
        ("loops", "plugin-out-of-fuel", "100000000 instructions"),
        ("allocates", "plugin-out-of-memory", "67108864"),
        ("reason", "plugin-invalid-answer", "it skips for reason 0, but describes 0 of its own"),
    ] {
        let mut policy = priming(&guest("bad-priming", &[("does", does)])).expect("it opens");
        let error = policy.decide(&[candidate()], &PrimingLoad::default(), &NoFacts).expect_err(does);
        check(&error, "bad-priming", "decide", reason, says);
    }
}

/// Whichever limit is met first.
#[test]
fn a_huge_answer_ends_at_the_fuel_or_is_refused() {
    let mut policy = priming(&guest("bad-priming", &[("does", "huge")])).expect("it opens");
    let answer = policy.decide(&[candidate()], &PrimingLoad::default(), &NoFacts);
    let Err(error) = answer else { panic!("it is too large, and taken") };
    assert!(["plugin-out-of-fuel", "plugin-invalid-answer"].contains(&error.reason), "{error}");
}

#[test]
fn an_overlay_policy_that_fails_says_how() {
    let origin = OriginInfo { kind: OriginKind::Source, element: None };
    let input = InputAlternatives { input: 7, alternatives: vec![(origin, OriginState::Changed)] };
    for (does, reason, says) in [
        ("choose-traps", "plugin-trap", "unreachable"),
        ("choose-panics", "plugin-trap", "no idea what to choose for input 7"),
        ("choose-loops", "plugin-out-of-fuel", "100000000 instructions"),
        ("choose-allocates", "plugin-out-of-memory", "67108864"),
    ] {
        let mut policy = overlay(&guest("bad-overlay", &[("does", does)])).expect("it opens");
        let error = policy.choose(std::slice::from_ref(&input), &NoFacts).expect_err(does);
        check(&error, "bad-overlay", "choose", reason, says);
    }
}

#[test]
fn time_ends_what_fuel_does_not() {
    let limits = Limits { fuel: u64::MAX, deadline: Duration::from_millis(100), ..Limits::default() };
    let request = guest("bad-priming", &[("does", "loops")]);
    let mut policy = priming_with(&request, Options { limits, ..options() }).expect("it opens");
    let error = policy.decide(&[candidate()], &PrimingLoad::default(), &NoFacts).expect_err("it never ends");
    // Whichever comes first: a policy has less fuel than other plugins.
    assert!(["plugin-timeout", "plugin-out-of-fuel"].contains(&error.reason), "{error}");
}

#[test]
fn what_is_no_policy_is_refused_at_once() {
    for (request, reason, says) in [
        (guest("other-world", &[]), "plugin-wrong-world", "does not export spec:plugin/priming"),
        (guest("bad-overlay", &[]), "plugin-wrong-world", "not a priming policy"),
        (embedded("overlay-standard", &[]), "unknown-policy", "priming-eager"),
        (embedded("no-such", &[]), "unknown-policy", "built-in"),
        (guest("bad-priming", &[("does", "open-panics")]), "plugin-trap", "no idea how to begin"),
    ] {
        let error = priming(&request).err().expect("it is no policy");
        assert_eq!(error.reason(), reason, "{error}");
        assert!(error.to_string().contains(says), "'{says}' is not in: {error}");
    }
    let error = overlay(&guest("bad-priming", &[])).err().expect("it is another kind of policy");
    assert_eq!(error.reason(), "plugin-wrong-world", "{error}");
}
