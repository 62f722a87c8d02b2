//! Components that try to do harm, in the binary: each is found out by `plugin check`, and the error is theirs.

use std::time::{Duration, Instant};

use spec_testkit::{Host, Outcome, require_env};

/// Far more than such a run takes: machines of tests are slow and busy.
const GENEROUS: Duration = Duration::from_secs(10);

/// What a priming policy does, and how it is found out.
const PRIMING: [(&str, &str); 28] = [
    ("open-loops", "plugin-out-of-fuel"),
    ("open-recurses", "plugin-trap"),
    ("open-refuses-at-length", "policy-invalid-setting"),
    ("open-refuses-not-utf8", "plugin-invalid-answer"),
    ("wants-loops", "plugin-out-of-fuel"),
    ("too-few", "plugin-invalid-answer"),
    ("too-many", "plugin-invalid-answer"),
    ("millions", "plugin-out-of-fuel"),
    ("priority-1001", "plugin-invalid-answer"),
    ("priority-65535", "plugin-invalid-answer"),
    ("reason-unknown", "plugin-invalid-answer"),
    ("reason-65535", "plugin-invalid-answer"),
    ("asks-for-millions", "plugin-invalid-answer"),
    ("decide-loops", "plugin-out-of-fuel"),
    ("decide-recurses", "plugin-trap"),
    ("decide-allocates", "plugin-out-of-memory"),
    ("decide-traps", "plugin-trap"),
    ("decide-panics", "plugin-trap"),
    ("decide-logs-endlessly", "plugin-out-of-fuel"),
    ("decide-logs-much", "plugin-out-of-fuel"),
    ("decide-asks-endlessly", "plugin-out-of-fuel"),
    ("decide-fills-memory", "plugin-out-of-fuel"),
    ("revise-too-few", "plugin-invalid-answer"),
    ("revise-priority", "plugin-invalid-answer"),
    ("revise-loops", "plugin-out-of-fuel"),
    ("observe-traps", "plugin-trap"),
    ("remembers-much", "plugin-invalid-answer"),
    ("remember-loops", "plugin-out-of-fuel"),
];

const OVERLAY: [(&str, &str); 21] = [
    ("select-out-of-range", "plugin-invalid-answer"),
    ("select-duplicates", "plugin-invalid-answer"),
    ("select-too-few", "plugin-invalid-answer"),
    ("select-millions", "plugin-out-of-fuel"),
    ("select-long", "plugin-invalid-answer"),
    ("select-recurses", "plugin-trap"),
    ("choose-out-of-range", "plugin-invalid-answer"),
    ("choose-waits", "plugin-invalid-answer"),
    ("choose-ranks-nothing", "plugin-invalid-answer"),
    ("choose-ranks-duplicates", "plugin-invalid-answer"),
    ("choose-ranks-out-of-range", "plugin-invalid-answer"),
    ("choose-too-many", "plugin-invalid-answer"),
    ("choose-loops", "plugin-out-of-fuel"),
    ("choose-logs-endlessly", "plugin-out-of-fuel"),
    ("propose-out-of-range", "plugin-invalid-answer"),
    ("propose-nonsense", "plugin-invalid-answer"),
    ("propose-empty", "plugin-invalid-answer"),
    ("propose-huge", "plugin-invalid-answer"),
    ("propose-millions", "plugin-out-of-fuel"),
    ("propose-allocates", "plugin-out-of-memory"),
    ("remembers-much", "plugin-invalid-answer"),
];

fn check(host: &Host, guest: &str, does: &str) -> Outcome {
    let file = require_env("SPEC_COMPONENTS").join(guest).with_extension("wasm");
    let arguments = ["plugin", "check", &file.to_string_lossy(), "--setting", &format!("does={does}")];
    let begun = Instant::now();
    let outcome = host.run_in(&std::env::temp_dir(), &arguments);
    assert!(begun.elapsed() < GENEROUS, "{guest} {does}: {:?}", begun.elapsed());
    outcome
}

#[test]
fn harm_of_priming_policies_is_found_out() {
    let host = Host::new();
    for (does, reason) in PRIMING {
        let outcome = check(&host, "hostile-priming", does);
        assert!(outcome.stderr.len() < 10_000, "{does}: {} bytes", outcome.stderr.len());
        outcome.refused(2, reason, &["hostile-priming"]);
    }
}

#[test]
fn harm_of_overlay_policies_is_found_out() {
    let host = Host::new();
    for (does, reason) in OVERLAY {
        let outcome = check(&host, "hostile-overlay", does);
        assert!(outcome.stderr.len() < 10_000, "{does}: {} bytes", outcome.stderr.len());
        outcome.refused(2, reason, &[]);
    }
}
