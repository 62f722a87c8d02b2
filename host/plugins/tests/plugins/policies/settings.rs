//! Tests of the configuration and the memory of policies.

use spec_model::UserError;
use spec_plugins::{Options, Plugins, PolicyLoadError, PolicyRequest};
use spec_strategy::{Candidate, Decision, Machine, Observation, Outcome, SkipReason};

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
        "known settings: try-all-every",
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
        element: 0,
        program: 7,
        took_ms: 500,
        cpu_ms: 500,
        hits: 0,
        misses: 0,
        element_hits: 0,
        element_misses: 0,
        fan_out: 0,
        critical_ms: 500,
        distance: 0,
    };
    let machine = Machine { cpu_left_ms: 1 << 40, ..Machine::default() };
    let candidates: Vec<Candidate> = (0..30).map(candidate).collect();
    let (mut first, memory) = plugins().priming_policy(&request, "project").expect("it opens");
    let decided = first.decide(&candidates, &machine).expect("it answers");
    assert!(decided.iter().all(|decision| matches!(decision, Decision::Submit { .. })), "{decided:?}");
    let unused = |candidate: &Candidate| Observation {
        action: candidate.action,
        outcome: Outcome::Unused,
        cpu_ms: 500,
    };
    first.observe(&candidates.iter().map(unused).collect::<Vec<_>>()).expect("it listens");
    memory.store(&first.remember().expect("it answers")).expect("the folder is ours");
    let decide = |project| {
        let (mut next, _) = plugins().priming_policy(&request, project).expect("it opens");
        next.decide(&candidates[..1], &machine).expect("it answers")
    };
    assert_eq!(decide("project"), [Decision::Skip(SkipReason::Unlikely)]);
    assert!(matches!(decide("other")[..], [Decision::Submit { .. }]), "another project, another memory");
}
