//! Tests of plugins that break the contract. Each guest in tests/guests has a test here.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use spec_model::Blame;
use spec_plugins::{Limits, Options};
use spec_strategy::{KindError, NoDependencies};

use crate::support::{check_error, element, guest, mapping, options, texts};

/// Policies: see `policies`.
const POLICIES: &[&str] = &[
    "asks-overlay",
    "asks-priming",
    "bad-overlay",
    "bad-priming",
    "hostile-describe",
    "hostile-overlay",
    "hostile-priming",
];
/// Guests that keep the contract.
const SOUND: &[&str] = &["hoards", "overlay-prototype", "own-manual", "script-like"];

/// A plugin, the element that causes its fault (`None`: loading does), and parts of the error.
struct Fault {
    guest: &'static str,
    element: Option<&'static str>,
    reason: &'static str,
    says: &'static [&'static str],
}

const fn at_load(guest: &'static str, reason: &'static str, says: &'static [&'static str]) -> Fault {
    Fault { guest, element: None, reason, says }
}

const fn at_call(guest: &'static str, reason: &'static str, says: &'static [&'static str]) -> Fault {
    Fault { guest, element: Some("a.bst"), reason, says }
}

const fn answer(element: &'static str, says: &'static [&'static str]) -> Fault {
    Fault { guest: "invalid-answer", element: Some(element), reason: "plugin-invalid-answer", says }
}

const fn hostile(does: &'static str, reason: &'static str, says: &'static [&'static str]) -> Fault {
    Fault { guest: "hostile-kind", element: Some(does), reason, says }
}

const FAULTS: &[Fault] = &[
    at_load(
        "imports-wasi",
        "plugin-refused-import",
        &["wasi:cli/environment@0.2.6", "target wasm32-unknown-unknown"],
    ),
    at_load("other-world", "plugin-wrong-world", &["does not export spec:plugin/kind"]),
    at_load("wrong-version", "plugin-wrong-version", &["0.9.0", "0.1."]),
    at_call("loops-forever", "plugin-out-of-fuel", &["200000000 instructions"]),
    at_call("allocates-endlessly", "plugin-out-of-memory", &["67108864"]),
    at_call("panics", "plugin-trap", &["no idea what to do with a.bst", "src/lib.rs"]),
    at_call("traps", "plugin-trap", &["unreachable"]),
    hostile("collects-nothing", "plugin-invalid-answer", &["'collect'"]),
    hostile("collects-nonsense", "plugin-invalid-answer", &["'out\\0put/..'"]),
    hostile("collects-twice", "plugin-invalid-answer", &["'collect' twice"]),
    hostile("makes-endlessly", "plugin-out-of-fuel", &[]),
    hostile("makes-long-paths", "plugin-out-of-fuel", &[]),
    hostile("runs-endlessly", "plugin-out-of-fuel", &[]),
    hostile("runs-nothing", "plugin-invalid-answer", &[]),
    hostile("stages-nobody", "plugin-invalid-answer", &["dependency 4294967295"]),
    hostile("stages-millions", "plugin-invalid-answer", &[]),
    hostile("sets-nonsense", "plugin-invalid-answer", &["'A=B\\0'"]),
    hostile("loops", "plugin-out-of-fuel", &[]),
    hostile("recurses", "plugin-trap", &[]),
    hostile("logs-endlessly", "plugin-out-of-fuel", &["'again'"]),
    hostile("key-millions", "plugin-out-of-memory", &[]),
    hostile("key-itself", "plugin-invalid-answer", &[]),
    hostile("rejects-nobody", "plugin-invalid-answer", &["does not exist"]),
    answer("key-empty", &["empty"]),
    answer("key-index", &["not before it"]),
    answer("key-cycle", &["not before it"]),
    answer("key-self", &["not before it"]),
    answer("key-shared", &["used already"]),
    answer("key-orphan", &["without a parent"]),
    answer("key-name-twice", &["same name twice"]),
    answer("key-deep", &["too deeply"]),
    answer("key-huge", &["too much data"]),
    answer("plan-dependency", &["dependency 3"]),
    answer("plan-relative", &["'src'"]),
    answer("plan-climbs", &["'/output/../etc'"]),
    answer("plan-nul", &["'/out\\0put'"]),
    answer("plan-no-program", &["'make'"]),
    answer("plan-collects-twice", &["calls 'collect' twice"]),
    answer("plan-collects-nothing", &["does not call 'collect'"]),
    answer("plan-huge", &["its plan is too large"]),
    answer("rejection-node", &["names a node that does not exist"]),
    answer("rejection-reason", &["'Not A Code'"]),
];

/// Small limits, so that a fault does not take seconds.
fn small() -> Options {
    let options = options();
    Options { limits: Limits { fuel: 200_000_000, ..options.limits }, ..options }
}

fn provoke(fault: &Fault) -> KindError {
    let kind = match (guest(fault.guest, small()), fault.element) {
        (Err(error), None) => return error,
        (Ok(kind), Some(_)) => kind,
        (Err(error), Some(_)) => panic!("{} does not load: {error}", fault.guest),
        (Ok(_), None) => panic!("{} loads", fault.guest),
    };
    let mut element = element(fault.element.unwrap_or_default());
    element.config = mapping(&[("build-commands", texts(&["make"]))]);
    kind.configure(&element, &NoDependencies).expect_err("the plugin is broken")
}

#[test]
fn faults_are_the_plugins_and_have_a_code() {
    for fault in FAULTS {
        let error = provoke(fault);
        check_error(&error, fault.reason, fault.says);
        let KindError::Broken { plugin, activity, blame, .. } = error else {
            panic!("{}: {error}", fault.guest);
        };
        assert_eq!(blame, Blame::Plugin);
        assert!(plugin.starts_with(fault.guest) && plugin.contains(".wasm"), "{plugin}");
        let expected = fault.element.map_or("load".to_owned(), |element| format!("configure({element})"));
        assert_eq!(activity, expected);
    }
}

#[test]
fn every_guest_has_a_test() {
    let tested: BTreeSet<&str> =
        FAULTS.iter().map(|fault| fault.guest).chain([SOUND, POLICIES].concat()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests");
    let entries = folder.read_dir().expect("the folder is part of the checkout");
    let names =
        entries.map(|entry| entry.expect("it can be read").file_name().into_string().expect("it is UTF-8"));
    let names: BTreeSet<String> =
        names.filter(|name| folder.join(name).join("Cargo.toml").exists()).collect();
    assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), tested);
}

#[test]
fn what_a_kind_refuses_at_length_is_cut() {
    let kind = guest("hostile-kind", small()).expect("it loads");
    let error =
        kind.configure(&element("rejects-at-length"), &NoDependencies).expect_err("it refuses everything");
    check_error(&error, "invalid-data", &["xxx"]);
    assert!(error.to_string().len() < 10_000, "{} bytes", error.to_string().len());
}

#[test]
fn time_ends_what_fuel_does_not() {
    let limits = Limits { fuel: u64::MAX, deadline: Duration::from_millis(100), ..Limits::default() };
    let kind = guest("loops-forever", Options { limits, ..options() }).expect("it loads");
    let error = kind.configure(&element("a.bst"), &NoDependencies).expect_err("it never ends");
    check_error(&error, "plugin-timeout", &["100ms"]);
}

#[test]
fn the_host_goes_on_after_a_trap() {
    let kind = guest("traps", options()).expect("it loads");
    for _ in 0..3 {
        let error = kind.configure(&element("bad.bst"), &NoDependencies).expect_err("it traps");
        check_error(&error, "plugin-trap", &[]);
        kind.configure(&element("fine.bst"), &NoDependencies).expect("a new instance answers");
    }
}

#[test]
fn what_earlier_calls_left_behind_does_not_fail_a_later_one() {
    let kind = guest("hoards", options()).expect("it loads");
    let first = kind.configure(&element("a.bst"), &NoDependencies).expect("there is memory");
    for _ in 0..20 {
        assert_eq!(kind.configure(&element("a.bst"), &NoDependencies).expect("there is memory again"), first);
    }
}

#[test]
fn few_instances_serve_many_threads() {
    let limits = Limits { instances: 2, ..Limits::default() };
    let kind = guest("traps", Options { limits, ..options() }).expect("it loads");
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let kind = &kind;
            scope.spawn(move || {
                for call in 0..50 {
                    let name = if (thread + call) % 5 == 0 { "bad.bst" } else { "fine.bst" };
                    assert_eq!(kind.configure(&element(name), &NoDependencies).is_ok(), name == "fine.bst");
                }
            });
        }
    });
}
