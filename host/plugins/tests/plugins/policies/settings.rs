//! Tests of the configuration and the memory of policies.

use spec_model::UserError;
use spec_plugins::{Options, Plugins, PolicyLoadError, PolicyRequest};
use spec_strategy::{
    Candidate, Decision, LastDecision, NoFacts, Observation, Outcome, PrimingLoad, SkipReason,
};

use super::{embedded, guest, overlay, priming};
use crate::support::temporary;

fn check(error: &PolicyLoadError, reason: &str, key: Option<&str>, says: &str) {
    assert_eq!((error.reason(), error.key()), (reason, key), "{error}");
    assert!(error.to_string().contains(says), "'{says}' is not in: {error}");
}

#[test]
fn settings_that_are_wrong_are_refused_with_their_key() {
    let refused = |request: &PolicyRequest| priming(request).err().expect("the settings are wrong");
    let selective =
        |key, value| refused(&embedded("priming-selective", &[("least-percent", "5"), (key, value)]));
    check(
        &selective("least-ms", "soon"),
        "policy-invalid-setting",
        Some("least-ms"),
        "expected a number from 0 to 4294967295, found 'soon'",
    );
    check(
        &selective("most-ms", "1"),
        "policy-unknown-setting",
        Some("most-ms"),
        "known settings: least-ms, least-percent, try-all-every",
    );
    let eager = refused(&embedded("priming-eager", &[("a", "b")]));
    check(&eager, "policy-unknown-setting", Some("a"), "has no settings");
    check(&refused(&guest("bad-priming", &[("does", "refuses")])), "policy-refused", None, "never works");
    let order = overlay(&embedded("overlay-standard", &[("order", "sources")]));
    check(&order.err().expect("it is wrong"), "policy-invalid-setting", Some("order"), "artifact");
}

#[test]
fn what_a_policy_learns_it_knows_in_the_next_session() {
    let folder = temporary();
    let plugins = || Plugins::new(Options::new(folder.path().to_owned()));
    let request = embedded("priming-selective", &[]);
    let candidate = |action| Candidate {
        action,
        program: 7,
        run_ms: Some(500),
        cpu_ms: Some(500),
        critical_ms: 500,
        ..Candidate::default()
    };
    let load = PrimingLoad { cpu_left_ms: Some(1 << 40), ..PrimingLoad::default() };
    let candidates: Vec<Candidate> = (0..30).map(candidate).collect();
    let mut first = plugins().priming_policy(&request, "project").expect("it opens");
    let decided = first.policy.decide(&candidates, &load, &NoFacts).expect("it answers");
    assert!(decided.iter().all(|decision| matches!(decision, Decision::Submit { .. })), "{decided:?}");
    let unused = |candidate: &Candidate| Observation {
        action: candidate.action,
        decision: LastDecision::Submitted,
        outcome: Outcome::Unused,
        run_ms: Some(500),
        cpu_ms: Some(500),
    };
    first.policy.observe(&candidates.iter().map(unused).collect::<Vec<_>>(), &NoFacts).expect("it listens");
    first.memory.store(&first.policy.remember().expect("it answers")).expect("the folder is ours");
    let decide = |project| {
        let mut next = plugins().priming_policy(&request, project).expect("it opens");
        next.policy.decide(&candidates[..1], &load, &NoFacts).expect("it answers")
    };
    assert_eq!(decide("project"), [Decision::Skip(SkipReason::Unlikely)]);
    assert!(matches!(decide("other")[..], [Decision::Submit { .. }]), "another project, another memory");
}
