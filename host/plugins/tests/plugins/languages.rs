//! Plugins in other languages: `cargo xtask languages` makes their components.

use std::path::{Path, PathBuf};

use spec_model::UserError;
use spec_plugins::{Options, Plugins, PolicyComponent, PolicyLoadError, PolicyRequest};
use spec_strategy::{
    Candidate, Decision, ElementKind, KindError, KindRegistry, NoDependencies, NoFacts, PrimingLoad,
    PrimingPolicy,
};

use crate::support::{self, dependency, element, mapping, texts};

/// The same priming policy in each language.
const POLICIES: [&str; 4] =
    ["rust-critical-path", "c-critical-path", "javascript-critical-path", "python-critical-path"];

fn component(name: &str) -> PathBuf {
    if name.starts_with("rust-") {
        return support::component(name);
    }
    let folder = std::env::var_os("SPEC_LANGUAGE_COMPONENTS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/language-components"),
        PathBuf::from,
    );
    let file = folder.join(format!("{name}.wasm"));
    assert!(file.exists(), "there is no {}; run: cargo xtask languages", file.display());
    file
}

/// Compiled code is kept from one run of the tests to the next: compiling Python takes ten seconds.
fn plugins() -> Plugins {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("languages");
    Plugins::new(Options { keep_answers: false, ..Options::new(folder) })
}

fn policy(name: &str, settings: &[(&str, &str)]) -> Result<Box<dyn PrimingPolicy>, PolicyLoadError> {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let settings = settings.iter().map(pair).collect();
    let request = PolicyRequest { component: PolicyComponent::File(component(name)), settings };
    plugins().priming_policy(&request, "project").map(|loaded| loaded.policy)
}

/// Candidates with every kind of number, also equal ones and the largest.
fn candidates() -> Vec<Candidate> {
    let mut state = 12345_u32;
    let mut number = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let mut all: Vec<Candidate> = (0..500)
        .map(|action| Candidate {
            action,
            element: number(10),
            run_ms: (number(3) > 0).then_some(number(1000)),
            critical_ms: number(40),
            distance: number(4),
            fan_out: number(3),
            ..Candidate::default()
        })
        .collect();
    all[7].critical_ms = u32::MAX;
    all[8].distance = u32::MAX;
    all[9].fan_out = u32::MAX;
    all
}

fn loads() -> [PrimingLoad; 5] {
    let load = PrimingLoad { slots: Some(4), free: 1000, ..PrimingLoad::default() };
    [
        load,
        PrimingLoad { primed: 3, ..load },
        PrimingLoad { primed: u32::MAX, ..load },
        PrimingLoad { slots: None, ..load },
        PrimingLoad { slots: Some(u32::MAX), free: u32::MAX, cpu_left_ms: Some(u64::MAX), ..load },
    ]
}

/// The decisions of a policy with these settings, on every load.
fn decided(name: &str, settings: &[(&str, &str)]) -> Vec<Vec<Decision>> {
    let mut policy = policy(name, settings).unwrap_or_else(|error| panic!("{name}: {error}"));
    let candidates = candidates();
    let mut decide = |load: &PrimingLoad| {
        let decided = policy.decide(&candidates, load, &NoFacts);
        decided.unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    loads().iter().map(&mut decide).collect()
}

#[test]
fn every_language_decides_the_same() {
    let settings: [&[(&str, &str)]; 3] =
        [&[], &[("per-slot", "7")], &[("order", "fan-out,distance"), ("per-slot", "1000")]];
    for settings in settings {
        let expected = decided(POLICIES[0], settings);
        assert!(expected.iter().flatten().any(|decision| matches!(decision, Decision::Submit { .. })));
        for name in &POLICIES[1..] {
            let decided = decided(name, settings);
            let differs = |(one, other): (&Vec<Decision>, &Vec<Decision>)| {
                one.iter().zip(other).position(|(one, other)| one != other).map(|at| (at, one[at], other[at]))
            };
            let different: Vec<_> = expected.iter().zip(&decided).map(differs).collect();
            assert!(decided == expected, "{name} with {settings:?}: {different:?}");
        }
    }
}

#[test]
fn every_language_refuses_the_same_settings() {
    for (setting, reason) in [
        (("per-slot", "0"), "policy-invalid-setting"),
        (("per-slot", "many"), "policy-invalid-setting"),
        (("per-slots", "2"), "policy-unknown-setting"),
        (("order", "distance,name"), "policy-invalid-setting"),
    ] {
        let refused = |name| {
            let error = policy(name, &[setting]).err().unwrap_or_else(|| panic!("{name}: {setting:?}"));
            assert_eq!((error.reason(), error.key()), (reason, Some(setting.0)), "{name}: {error}");
            error.to_string().rsplit_once(": ").map(|(_, message)| message.to_owned())
        };
        let expected = refused(POLICIES[0]);
        assert!(POLICIES[1..].iter().all(|name| refused(name) == expected), "{setting:?}: {expected:?}");
    }
}

#[test]
fn an_exception_is_told_with_its_place() {
    for (name, says) in [
        ("javascript-throws", ["TypeError", "throws.js:"]),
        ("python-raises", ["KeyError: 'history'", "priming.py:"]),
    ] {
        let mut policy = policy(name, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let answer = policy.decide(&candidates()[..1], &PrimingLoad::default(), &NoFacts);
        let error = answer.expect_err(name);
        assert_eq!(error.reason, "plugin-trap", "{error}");
        assert!(says.iter().all(|part| error.to_string().contains(part)), "{error}");
    }
}

#[test]
fn an_element_kind_may_be_javascript() {
    let plugins = plugins();
    let request = support::request("javascript-script", Some(component("javascript-script")));
    let kind = plugins.kind(&request).unwrap_or_else(|error| panic!("{error}"));
    let mut script = element("script.bst");
    script.sources.clear();
    script.dependencies = vec![dependency("base.bst", true, false), dependency("other.bst", false, true)];
    script.config = mapping(&[("commands", texts(&["make", "make install"]))]);
    let configured = kind.configure(&script, &NoDependencies).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(configured.key_text(), r#"{"commands":["make","make install"],"install-root":"/install"}"#);
    insta::assert_debug_snapshot!(configured.plan());
    refuses(&*kind, mapping(&[("commands", texts(&[])), ("command", texts(&[]))]), "invalid-data", 2);
    refuses(&*kind, mapping(&[("commands", spec_model::Node::text("make"))]), "invalid-data", 1);
}

/// The kind refuses this configuration, and names the line.
fn refuses(kind: &dyn ElementKind, config: spec_model::Mapping, reason: &str, line: u32) {
    let mut script = element("script.bst");
    script.config = config;
    let error = kind.configure(&script, &NoDependencies).expect_err(reason);
    assert_eq!(error.reason(), reason, "{error}");
    let KindError::Rejected { position, .. } = error else { panic!("{error}") };
    assert_eq!(position.map(|position| position.line), Some(line));
}
