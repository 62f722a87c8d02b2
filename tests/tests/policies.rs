//! Policies of speculation in the binary: how they are chosen, that a good one is used, and that a bad one only
//! causes a warning.

use serde_json::Value;
use spec_testkit::recc::{BASE, RECC};
use spec_testkit::{Host, Outcome, Project, require_env};

/// The configuration of an element with recc whose only action reads the header of `dep.bst`. It sleeps so that the action is
/// requested after its prediction.
const BUILD: &str = "config:
  build-commands:
  - |
    printf '#include <dep.h>\\nint answer = DEP_ANSWER;\\n' > a.c
    sleep 1
    recc gcc -c a.c -o a.o
  install-commands:
  - |
    install -D a.o \"%{install-root}/a.o\"
";

/// An element with a unique name, which recc puts into its action, so it was never built before; and versions of a
/// header that change the action, but not its output.
struct Case {
    host: Host,
    project: Project,
    element: String,
    version: std::cell::Cell<u32>,
}

impl Case {
    fn new() -> Case {
        let (host, project) = (Host::shared(), Project::on_base(&[]));
        host.configure("scheduler:\n  speculative-actions: True\n");
        let element = format!("p-{}.bst", project.token());
        let text = format!("kind: manual\nbuild-depends:\n{BASE}- dep.bst\n{RECC}{BUILD}");
        project.write(&format!("elements/{element}"), &text);
        Case { host, project, element, version: 0.into() }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.host.run(&self.project, &[&["--option", "recc", "true"], arguments].concat())
    }

    /// Builds with another header. `more` are options of `build`.
    fn build(&self, more: &[String]) -> Outcome {
        self.version.set(self.version.get() + 1);
        let text = format!("/* {} {} */\n#define DEP_ANSWER 42\n", self.element, self.version.get());
        self.project.write("files/dep/include/dep.h", &text);
        let events = self.project.path().join("events").to_string_lossy().into_owned();
        let arguments = ["--json-events", &events, "build", &self.element];
        self.run(&[&arguments[..], &more.iter().map(String::as_str).collect::<Vec<_>>()].concat())
    }

    /// The digest of the artifact's files, and whether it is cached under the key that is shown.
    fn artifact(&self) -> String {
        let format = "%{state} %{artifact-cas-digest}";
        self.run(&["show", "--deps", "none", "--format", format, &self.element]).success().to_owned()
    }

    /// The message of the last build about its predictions.
    fn told(&self) -> Value {
        let events = self.project.read("events");
        let mut events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
        events.find(|event| event["reason"] == "speculative-actions").expect("there was something to predict")
    }

    /// How many predictions of the last build were right.
    fn hits(&self) -> u64 {
        let told = self.told();
        let count = |name: &str| told["figures"][name].as_u64().unwrap_or_default();
        count("used") + count("joined")
    }
}

fn component(name: &str) -> String {
    require_env("SPEC_COMPONENTS").join(name).with_extension("wasm").to_string_lossy().into_owned()
}

/// The options for a policy with settings; `kind` is `overlay` or `priming`.
fn policy(kind: &str, component: &str, settings: &[&str]) -> Vec<String> {
    let mut options = vec![format!("--{kind}-policy"), component.to_owned()];
    options.extend(settings.iter().flat_map(|text| [format!("--{kind}-setting"), (*text).to_owned()]));
    options
}

fn warnings(outcome: &Outcome) -> Vec<&str> {
    outcome.stderr.lines().filter(|line| line.contains("warning[p")).collect()
}

#[test]
fn a_policy_that_fails_is_dropped_with_one_warning_and_the_build_is_the_same() {
    let case = Case::new();
    let _ = case.build(&[]).success();
    let expected = case.artifact();
    for (kind, does, reason) in [
        ("priming", "traps", "plugin-trap"),
        ("priming", "panics", "plugin-trap"),
        ("priming", "loops", "plugin-out-of-fuel"),
        ("priming", "allocates", "plugin-out-of-memory"),
        ("priming", "too-few", "plugin-invalid-answer"),
        ("priming", "too-many", "plugin-invalid-answer"),
        ("priming", "priority", "plugin-invalid-answer"),
        ("priming", "remembers-much", "plugin-invalid-answer"),
        ("overlay", "select-traps", "plugin-trap"),
        ("overlay", "select-index", "plugin-invalid-answer"),
        ("overlay", "select-twice", "plugin-invalid-answer"),
        ("overlay", "choose-traps", "plugin-trap"),
        ("overlay", "choose-index", "plugin-invalid-answer"),
        ("overlay", "choose-loops", "plugin-out-of-fuel"),
    ] {
        let file = component(&format!("bad-{kind}"));
        let outcome = case.build(&policy(kind, &file, &[&format!("does={does}")]));
        let _ = outcome.success();
        let warnings = warnings(&outcome);
        assert_eq!(warnings.len(), 1, "{does}: {}", outcome.stderr);
        assert!(warnings[0].contains(&format!("warning[{reason}]")), "{does}: {}", warnings[0]);
        assert!(warnings[0].contains("the built-in policy is used"), "{does}: {}", warnings[0]);
        assert_eq!(case.artifact(), expected, "{does}");
        assert_eq!(case.hits(), 1, "{does}: the built-in policy primes");
    }
}

#[test]
fn every_policy_of_the_program_primes_what_it_should() {
    let case = Case::new();
    let _ = case.build(&[]).success();
    let expected = case.artifact();
    for (kind, name) in [
        ("overlay", "overlay-standard"),
        ("overlay", "overlay-include-scan"),
        ("priming", "priming-eager"),
        ("priming", "priming-critical-path"),
        ("priming", "priming-selective"),
        ("priming", "built-in"),
    ] {
        let outcome = case.build(&policy(kind, name, &[]));
        let _ = outcome.success();
        assert_eq!((warnings(&outcome), case.hits()), (vec![], 1), "{name}: {}", outcome.stderr);
        assert_eq!(case.artifact(), expected, "{name}");
    }
}

#[test]
fn the_end_of_a_build_and_its_artifact_name_the_policies() {
    let case = Case::new();
    let _ = case.build(&[]).success();
    let file = component("priming-selective");
    let digest = spec_model::Digest::of(&std::fs::read(&file).expect("it is there")).hex();
    let built = case.build(&policy("priming", &file, &["least-ms=1"]));
    let _ = built.success();
    let line = format!("policies: overlay built-in, priming {file} least-ms=1");
    assert!(built.stderr.contains(&line), "{}", built.stderr);
    let labels = &case.told()["labels"];
    let named = ["overlay-policy", "priming-policy", "priming-policy-digest", "priming-policy-settings"];
    let named = named.map(|name| labels[name].as_str().unwrap_or_default().to_owned());
    assert_eq!(named, ["built-in", &*file, &digest, "least-ms=1"], "{labels}");
    let shown = case.run(&["artifact", "subactions", "--json", &case.element]);
    let shown: Value = serde_json::from_str(shown.success()).expect("it is JSON");
    let priming = &shown[0]["policies"][1];
    assert_eq!(priming["digest"], digest.as_str(), "{shown}");
    assert_eq!(priming["settings"][0], "least-ms=1", "{shown}");
}

/// With this setting a policy never primes, which shows that it was used.
const NEVER: &str = "least-ms=4000000000";

#[test]
fn the_command_line_goes_before_the_user_and_the_user_before_the_project() {
    let case = Case::new();
    let choice = |indent: &str| {
        let lines =
            ["priming-policy:", "  component: priming-selective", "  config:", "    least-ms: 4000000000"];
        lines.map(|line| format!("{indent}{line}\n")).concat()
    };
    let conf = case.project.read("project.conf");
    let of_project = format!("{conf}\nelements:\n  spec-host:\n{}", choice("    "));
    assert!(!conf.contains("\nelements:"), "the project has no such section yet");
    let of_user = format!("scheduler:\n  speculative-actions: True\n{}", choice("  "));
    let _ = case.build(&[]).success();
    let hits = |more: &[String]| {
        let _ = case.build(more).success();
        case.hits()
    };
    assert_eq!(hits(&policy("priming", "priming-selective", &[NEVER])), 0, "the command line");
    case.project.write("project.conf", &of_project);
    assert_eq!(hits(&[]), 0, "the project");
    assert_eq!(hits(&policy("priming", "built-in", &[])), 1, "the command line before the project");
    assert_eq!(hits(&["--priming-setting".to_owned(), "least-ms=0".to_owned()]), 1, "a setting alone");
    case.host.configure("scheduler:\n  speculative-actions: True\n  priming-policy: priming-eager\n");
    assert_eq!(hits(&[]), 1, "the user before the project");
    case.project.write("project.conf", &conf);
    case.host.configure(&of_user);
    assert_eq!(hits(&[]), 0, "the user");
    assert_eq!(hits(&policy("priming", "priming-eager", &[])), 1, "the command line before the user");
}

#[test]
fn what_is_wrong_with_a_policy_is_told_before_the_build() {
    let case = Case::new();
    let refused = |options: &[String], reason: &str, says: &[&str]| {
        case.build(options).refused(2, reason, says);
        assert!(!case.artifact().starts_with("cached"), "nothing was built");
    };
    refused(&policy("priming", "no-such", &[]), "unknown-policy", &["priming-eager", "built-in"]);
    refused(&policy("priming", "./no-such", &[]), "plugin-unreadable", &["no-such"]);
    refused(
        &policy("priming", &component("bad-overlay"), &[]),
        "plugin-wrong-world",
        &["not a priming policy"],
    );
    refused(&policy("overlay", &component("stack"), &[]), "plugin-wrong-world", &["not an overlay policy"]);
    refused(&policy("priming", "built-in", &["a=b"]), "policy-unknown-setting", &["'a'"]);
    case.host.configure(
        "scheduler:\n  speculative-actions: True\n  overlay-policy:\n    component: overlay-standard\n    config:\n      \
         order: sources\n",
    );
    refused(&[], "policy-invalid-setting", &["'order'", "'sources'", "spec-host.conf:8:14"]);
}

#[test]
fn a_policy_that_is_not_there_is_told_even_if_nothing_asks_for_actions() {
    let case = Case::new();
    let build = |options: &[&str]| case.run(&[&["build", "dep.bst"], options].concat());
    build(&["--overlay-policy", "no-such"]).refused(2, "unknown-policy", &["overlay-standard"]);
    build(&["--priming-setting", "a=b"]).refused(2, "policy-unknown-setting", &["'a'"]);
}

#[test]
fn components_are_listed_and_checked() {
    let (host, folder) = (Host::new(), std::env::temp_dir());
    let listed = host.run_in(&folder, &["plugin", "list"]).success().to_owned();
    for row in [
        ["element-kind", "stack"],
        ["overlay-policy", "overlay-standard"],
        ["priming-policy", "priming-eager"],
    ] {
        let is_row = |line: &str| line.split_whitespace().take(2).eq(row);
        assert!(listed.lines().any(is_row), "{row:?} is not in:\n{listed}");
    }
    let check = |name: &str, setting: &[&str]| {
        host.run_in(&folder, &[&["plugin", "check", &component(name)], setting].concat())
    };
    for (name, is) in [
        ("stack", "element kind"),
        ("overlay-standard", "overlay policy"),
        ("priming-eager", "priming policy"),
    ] {
        let said = check(name, &[]).success().to_owned();
        assert!(said.contains(&format!(": a good {is}\n")), "{said}");
    }
    let wrong = check("priming-selective", &["--setting", "least-percent=101"]);
    wrong.refused(2, "policy-invalid-setting", &["'least-percent'", "from 0 to 100"]);
    let needless = check("stack", &["--setting", "a=b"]);
    needless.refused(
        2,
        "plugin-no-settings",
        &["stack.wasm", "an element kind", "'a'", "leave --setting out"],
    );
    check("other-world", &[]).refused(2, "plugin-wrong-world", &["it exports", "spec:plugin/priming"]);
}

#[test]
fn check_calls_components_on_samples() {
    let (host, folder) = (Host::new(), std::env::temp_dir());
    let kinds = [
        ("panics", "plugin-trap"),
        ("traps", "plugin-trap"),
        ("loops-forever", "plugin-out-of-fuel"),
        ("allocates-endlessly", "plugin-out-of-memory"),
    ];
    for (name, reason) in kinds {
        host.run_in(&folder, &["plugin", "check", &component(name)]).refused(2, reason, &[name]);
    }
    let policies = [
        ("bad-overlay", "select-traps", "plugin-trap"),
        ("bad-overlay", "choose-panics", "plugin-trap"),
        ("bad-overlay", "choose-waits", "plugin-invalid-answer"),
        ("bad-overlay", "propose-panics", "plugin-trap"),
        ("bad-priming", "traps", "plugin-trap"),
        ("bad-priming", "loops", "plugin-out-of-fuel"),
        ("bad-priming", "too-few", "plugin-invalid-answer"),
        ("bad-priming", "observe-panics", "plugin-trap"),
        ("bad-priming", "remembers-much", "plugin-invalid-answer"),
    ];
    for (name, does, reason) in policies {
        let setting = format!("does={does}");
        let arguments = ["plugin", "check", &component(name), "--setting", &setting];
        host.run_in(&folder, &arguments).refused(2, reason, &["sample"]);
    }
}
