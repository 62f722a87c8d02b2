//! Policies that try to do harm. Invalid answers are not checked in this crate: `spec-speculation` checks them.

use std::time::{Duration, Instant};

use spec_model::UserError;
use spec_strategy::{
    Candidate, InputAlternatives, NoFacts, OriginInfo, OriginKind, OriginState, PrimingLoad, PrimingPolicy,
};

use super::{guest, overlay, priming};

/// Far more than a failing call takes: machines of tests are slow and busy.
const GENEROUS: Duration = Duration::from_secs(2);

/// Harm that can be done in every call, and how it ends.
const HARM: [(&str, &str); 11] = [
    ("loops", "plugin-out-of-fuel"),
    ("recurses", "plugin-trap"),
    ("allocates", "plugin-out-of-memory"),
    ("traps", "plugin-trap"),
    ("panics", "plugin-trap"),
    ("logs-endlessly", "plugin-out-of-fuel"),
    ("logs-unheard", "plugin-out-of-fuel"),
    ("logs-much", "plugin-out-of-fuel"),
    ("asks-endlessly", "plugin-out-of-fuel"),
    ("asks-the-time-endlessly", "plugin-out-of-fuel"),
    ("fills-memory", "plugin-out-of-fuel"),
];

fn hostile(does: &str) -> Box<dyn PrimingPolicy> {
    priming(&guest("hostile-priming", &[("does", does)])).unwrap_or_else(|error| panic!("{does}: {error}"))
}

/// The time of some work, which may not take long.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    let took = begun.elapsed();
    assert!(took < GENEROUS, "{what}: {took:?}");
    done
}

#[test]
fn harm_in_any_call_ends_soon_and_is_the_policy_s() {
    for (harm, reason) in HARM {
        let opening = guest("hostile-priming", &[("does", &format!("open-{harm}"))]);
        let error = timed(&format!("open-{harm}"), || priming(&opening)).err().expect(harm);
        assert_eq!(error.reason(), reason, "{error}");
        let mut policy = hostile(&format!("decide-{harm}"));
        let decide = || policy.decide(&[Candidate::default()], &PrimingLoad::default(), &NoFacts);
        let error = timed(&format!("decide-{harm}"), decide).expect_err(harm);
        assert_eq!((error.reason, error.activity), (reason, "decide"), "{error}");
        let mut policy = hostile(&format!("observe-{harm}"));
        let observe = || policy.observe(&[], &NoFacts);
        assert_eq!(timed(&format!("observe-{harm}"), observe).expect_err(harm).reason, reason);
        let mut policy = hostile(&format!("remember-{harm}"));
        assert_eq!(timed(&format!("remember-{harm}"), || policy.remember()).expect_err(harm).reason, reason);
    }
}

#[test]
fn texts_of_refusals_are_no_harm() {
    for (does, reason) in [
        ("open-refuses-at-length", "policy-invalid-setting"),
        ("open-refuses-not-utf8", "plugin-invalid-answer"),
    ] {
        let refused = priming(&guest("hostile-priming", &[("does", does)])).err().expect(does);
        assert_eq!(refused.reason(), reason, "{does}");
        assert!(refused.to_string().len() < 10_000, "{does}: {} bytes", refused.to_string().len());
    }
}

#[test]
fn millions_of_settings_are_refused() {
    let error =
        timed("describe", || priming(&guest("hostile-describe", &[]))).err().expect("too many settings");
    assert!(["plugin-invalid-answer", "plugin-out-of-fuel"].contains(&error.reason()), "{error}");
}

#[test]
fn what_is_logged_has_no_control_characters_in_errors() {
    let mut policy = hostile("decide-logs-control-characters");
    policy.decide(&[Candidate::default()], &PrimingLoad::default(), &NoFacts).expect("logging is no fault");
}

#[test]
fn a_policy_that_wastes_time_in_every_call_does_not_live_long() {
    let mut policy = hostile("wastes");
    let mut ask = || policy.decide(&[Candidate::default()], &PrimingLoad::default(), &NoFacts);
    let answers = timed("wastes", || (0..1000).take_while(|_| ask().is_ok()).count());
    assert!(answers < 10, "{answers} answers");
}

#[test]
fn a_policy_that_behaves_at_first_is_stopped_later() {
    let mut policy = hostile("later");
    let mut ask = || policy.decide(&[Candidate::default()], &PrimingLoad::default(), &NoFacts);
    let answers = timed("later", || (0..1000).take_while(|_| ask().is_ok()).count());
    assert_eq!(answers, 4);
}

#[test]
fn harm_of_overlay_policies_ends_soon_too() {
    let origin = OriginInfo { kind: OriginKind::Source, element: None };
    let input = InputAlternatives { input: 7, alternatives: vec![(origin, OriginState::Changed)] };
    for (harm, reason) in [
        ("loops", "plugin-out-of-fuel"),
        ("recurses", "plugin-trap"),
        ("allocates", "plugin-out-of-memory"),
        ("traps", "plugin-trap"),
        ("logs-endlessly", "plugin-out-of-fuel"),
        ("asks-endlessly", "plugin-out-of-fuel"),
        ("too-many", ""),
        ("ranks-millions", ""),
    ] {
        let does = format!("choose-{harm}");
        let mut policy = overlay(&guest("hostile-overlay", &[("does", &does)])).expect("it opens");
        let answer = timed(&does, || policy.choose(std::slice::from_ref(&input), &NoFacts));
        assert_eq!(answer.err().map_or("", |error| error.reason), reason, "{does}");
    }
}
