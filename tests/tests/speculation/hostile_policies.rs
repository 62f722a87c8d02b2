//! Builds with policies that do harm: their result is the same as without them.

use spec_testkit::require_env;

use crate::case::Case;

/// What a priming policy does, and the warning of a build; none where the harm is in what it decides.
const PRIMING: [(&str, Option<&str>); 11] = [
    ("open-loops", Some("plugin-out-of-fuel")),
    ("decide-loops", Some("plugin-out-of-fuel")),
    ("decide-recurses", Some("plugin-trap")),
    ("decide-allocates", Some("plugin-out-of-memory")),
    ("decide-logs-endlessly", Some("plugin-out-of-fuel")),
    ("priority-65535", Some("plugin-invalid-answer")),
    ("too-few", Some("plugin-invalid-answer")),
    ("reason-65535", Some("plugin-invalid-answer")),
    ("observe-traps", Some("plugin-trap")),
    ("revise-cancels", None),
    ("remembers-much", Some("plugin-invalid-answer")),
];

const OVERLAY: [(&str, Option<&str>); 6] = [
    ("select-out-of-range", Some("plugin-invalid-answer")),
    ("select-recurses", Some("plugin-trap")),
    ("choose-loops", Some("plugin-out-of-fuel")),
    ("choose-ranks-duplicates", Some("plugin-invalid-answer")),
    ("choose-waits", None),
    ("propose-nonsense", None),
];

/// Compiles twice, and links what it compiled.
const COMMANDS: [&str; 4] = [
    "for i in 1 2; do printf '#include <dep.h>\\nconst char *version%s = DEP_VERSION;\\n' $i > $i.c; done",
    "for i in 1 2; do recc gcc -c $i.c -o $i.o; done",
    "ld -r -o all.o 1.o 2.o",
    "install -D -m 644 -t %{install-root} all.o",
];

/// Builds once for each harm, each time with another header, which the built-in policy predicts right.
fn builds_are_right(kind: &str, harms: &[(&str, Option<&str>)]) {
    let case = Case::new();
    let app = case.manual("app", "", &COMMANDS);
    let _ = case.build(&app);
    let component = require_env("SPEC_COMPONENTS").join(format!("hostile-{kind}.wasm"));
    let component = component.to_string_lossy();
    for (version, (does, warning)) in (2..).zip(harms) {
        case.write_header(version);
        let (policy, setting) = (format!("--{kind}-policy"), format!("--{kind}-setting"));
        let does = format!("does={does}");
        let (outcome, _) = case.try_build(&app, &[&policy, &component, &setting, &does]);
        let _ = outcome.success();
        if let Some(warning) = warning {
            let warning = format!("warning[{warning}]");
            assert!(outcome.stderr.contains(&warning), "{does}: {}", outcome.stderr);
        }
        assert!(outcome.stderr.len() < 20_000, "{does}: {} bytes", outcome.stderr.len());
        let object = case.installed(&app, "all.o");
        let count = |version: u32| {
            let text = case.version(version);
            object.windows(text.len()).filter(|part| *part == text.as_bytes()).count()
        };
        assert_eq!((count(version), count(version - 1)), (2, 0), "{does}: each object has the new version");
    }
    let usual = case.build(&app);
    assert!(usual.is_empty(), "there is nothing to build: {usual:?}");
    case.write_header(99);
    let figures = case.build(&app);
    assert!(crate::case::hits(&figures) > 0, "records and memories are as before: {figures:?}");
}

#[test]
fn harm_of_priming_policies_changes_no_build() {
    builds_are_right("priming", &PRIMING);
}

#[test]
fn harm_of_overlay_policies_changes_no_build() {
    builds_are_right("overlay", &OVERLAY);
}
