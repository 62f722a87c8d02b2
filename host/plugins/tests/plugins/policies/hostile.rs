//! Policies that try to do harm. Invalid answers are not checked in this crate: `spec-speculation` checks them.

use std::fs;
use std::thread;
use std::time::Duration;

use spec_model::UserError;
use spec_strategy::{
    Candidate, InputAlternatives, NoFacts, OriginInfo, OriginKind, OriginState, PrimingLoad, PrimingPolicy,
};

use super::{guest, overlay, priming};

/// What harm may cost a session, in processor time: other work of the machine does not count.
const MOST: Duration = Duration::from_millis(100);

/// How often harm is done: what it costs is the least, since a machine takes longer for the same work now and then.
const ATTEMPTS: usize = 3;

/// Harm that can be done in every call, and how it ends.
const HARM: [(&str, &str); 12] = [
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
    ("misses-caches", "plugin-out-of-fuel"),
];

fn hostile(does: &str) -> Box<dyn PrimingPolicy> {
    priming(&guest("hostile-priming", &[("does", does)])).unwrap_or_else(|error| panic!("{does}: {error}"))
}

/// The processor time of this thread.
fn processor_time() -> Duration {
    // The kernel counts it when another thread may run.
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let time = text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok());
    Duration::from_nanos(time.expect("it begins with a number"))
}

/// The result of harm, which may not cost much. `prepared` is made anew for each attempt.
fn contained<P, T>(what: &str, prepare: impl Fn() -> P, harm: impl Fn(P) -> T) -> T {
    let attempt = || {
        let prepared = prepare();
        let begun = processor_time();
        let done = harm(prepared);
        (processor_time() - begun, done)
    };
    let attempts = (0..ATTEMPTS).map(|_| attempt());
    let (took, done) = attempts.min_by_key(|(took, _)| *took).expect("there are attempts");
    assert!(took < MOST, "{what}: {took:?}");
    done
}

#[test]
fn harm_in_any_call_ends_soon_and_is_the_policy_s() {
    for (harm, reason) in HARM {
        let [open, decide, observe, remember] =
            ["open", "decide", "observe", "remember"].map(|call| format!("{call}-{harm}"));
        let opening = || guest("hostile-priming", &[("does", &open)]);
        let error = contained(&open, opening, |request| priming(&request)).err().expect(harm);
        assert_eq!(error.reason(), reason, "{error}");
        let candidates = [Candidate::default()];
        let error = contained(
            &decide,
            || hostile(&decide),
            |mut policy| policy.decide(&candidates, &PrimingLoad::default(), &NoFacts),
        );
        let error = error.expect_err(harm);
        assert_eq!((error.reason, error.activity), (reason, "decide"), "{error}");
        let error = contained(&observe, || hostile(&observe), |mut policy| policy.observe(&[], &NoFacts));
        assert_eq!(error.expect_err(harm).reason, reason);
        let error = contained(&remember, || hostile(&remember), |mut policy| policy.remember());
        assert_eq!(error.expect_err(harm).reason, reason);
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
    let describe = || guest("hostile-describe", &[]);
    let error =
        contained("describe", describe, |request| priming(&request)).err().expect("too many settings");
    assert!(["plugin-invalid-answer", "plugin-out-of-fuel"].contains(&error.reason()), "{error}");
}

#[test]
fn what_is_logged_has_no_control_characters_in_errors() {
    let mut policy = hostile("decide-logs-control-characters");
    policy.decide(&[Candidate::default()], &PrimingLoad::default(), &NoFacts).expect("logging is no fault");
}

/// How often it answers.
fn answers_until_it_fails(mut policy: Box<dyn PrimingPolicy>) -> usize {
    let mut ask = || policy.decide(&[Candidate::default()], &PrimingLoad::default(), &NoFacts);
    (0..1000).take_while(|_| ask().is_ok()).count()
}

#[test]
fn a_policy_that_wastes_time_in_every_call_does_not_live_long() {
    let answers = contained("wastes", || hostile("wastes"), answers_until_it_fails);
    assert!(answers < 10, "{answers} answers");
}

#[test]
fn a_policy_that_behaves_at_first_is_stopped_later() {
    let answers = contained("later", || hostile("later"), answers_until_it_fails);
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
        let open = || overlay(&guest("hostile-overlay", &[("does", &does)])).expect("it opens");
        let answer =
            contained(&does, open, |mut policy| policy.choose(std::slice::from_ref(&input), &NoFacts));
        assert_eq!(answer.err().map_or("", |error| error.reason), reason, "{does}");
    }
}
