//! Recordings of builds, and their replay.

use std::fs;

use serde_json::Value;
use spec_proto::Message;
use spec_proto::buildstream::v2::SpeculativeActions;
use spec_testkit::recc::BASE;
use spec_testkit::require_env;

use crate::case::{Case, count, hits};

/// A chain of libraries; each compiles two files with recc, and links them with the library below.
fn chain(case: &Case) -> String {
    let mut below = None::<(usize, String)>;
    for place in 0..3 {
        let library =
            below.as_ref().map(|(place, _)| format!("/usr/lib/liblink{place}.so")).unwrap_or_default();
        let commands = [
            format!(
                "for i in 1 2; do printf '#include <dep.h>\\nconst char *link{place}_%s = DEP_VERSION;\\n' $i > $i.c; done"
            ),
            "for i in 1 2; do recc gcc -fPIC -c $i.c -o $i.o; done".to_owned(),
            format!("recc gcc -shared -o liblink{place}.so 1.o 2.o {library}"),
            format!("install -Dm755 liblink{place}.so %{{install-root}}/usr/lib/liblink{place}.so"),
        ];
        let commands = commands.each_ref().map(String::as_str);
        let needs = below.as_ref().map(|(_, name)| format!("- {name}\n")).unwrap_or_default();
        let name =
            case.manual_with(&format!("link{place}"), &format!("{BASE}- dep.bst\n{needs}"), "", &commands);
        below = Some((place, name));
    }
    below.expect("the chain has elements").1
}

impl Case {
    /// What `policy` prints as JSON.
    fn policy(&self, arguments: &[&str]) -> Value {
        let outcome = self.run(&[&["policy"], arguments, &["--json"]].concat());
        serde_json::from_str(outcome.success()).expect("it is JSON")
    }

    /// Builds with a recording, and replays it with its own policies.
    fn recorded(&self, element: &str) -> (String, Value) {
        let file = self.project.path().join("build.recording").to_string_lossy().into_owned();
        let _ = self.build_with(element, &["--record", &file]);
        let replayed = self.policy(&["replay", &file]);
        (file, replayed)
    }

    /// How many alternatives the inputs of an element's record have.
    fn alternatives(&self, element: &str) -> usize {
        let hash = self.record(element).expect("it has a record");
        let blob = self.host.cache().join("cas/objects").join(&hash[..2]).join(&hash);
        let record =
            SpeculativeActions::decode(&*fs::read(blob).expect("it is stored")).expect("it is a record");
        record.compact.expect("it is compact").inputs.iter().map(|input| input.origins.len()).sum()
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("it is a number")
}

/// How far a predicted time is from the recorded one: a wide limit, since other tests run beside this.
fn deviation(replayed: &Value) -> f64 {
    let times = [&replayed["predicted"]["wall-us"], &replayed["recorded"]["wall-us"]].map(number);
    (times[0] / times[1] - 1.0).abs()
}

#[test]
fn a_replay_of_the_recorded_policy_predicts_what_was_recorded() {
    let case = Case::new();
    for element in [chain(&case), case.app()] {
        let _ = case.build(&element);
        case.write_header(2);
        let (file, replayed) = case.recorded(&element);
        assert!(deviation(&replayed) < 0.25, "{element}: {replayed}");
        let (recorded, predicted) = (&replayed["recorded"], &replayed["predicted"]);
        assert!(number(&recorded["requests"]) > 3.0, "{element}: {replayed}");
        let saved = |answers: &Value| number(&answers["hits"]) + number(&answers["joined"]);
        assert!((saved(recorded) - saved(predicted)).abs() <= 2.0, "{element}: {replayed}");
        assert_eq!(case.policy(&["replay", &file]), replayed, "the same twice");
        let none = case.policy(&["replay", &file, "--priming-policy", "none"]);
        assert!(number(&none["predicted"]["executed"]) > number(&predicted["executed"]), "{element}: {none}");
        case.write_header(1);
    }
}

#[test]
fn policies_are_compared_on_the_last_recordings() {
    let case = Case::new();
    let element = chain(&case);
    let _ = case.build(&element);
    case.write_header(2);
    let _ = case.build(&element);
    let listed = case.run(&["policy", "recordings"]);
    assert!(listed.success().lines().any(|line| line.contains(&element)), "{}", listed.success());
    case.write_header(3);
    let (file, _) = case.recorded(&element);
    let never = "priming-selective,least-ms=4000000000";
    let compared = case.policy(&["compare", &file, "built-in", never, "--workers", "1,16"]);
    assert_eq!(compared["policies"].as_array().map(Vec::len), Some(4), "{compared}");
    assert_eq!(compared["differences"][1]["can-be-told-apart"], true, "{compared}");
    let same = case.policy(&["compare", &file, "built-in", "recorded"]);
    assert_eq!(same["differences"][0]["can-be-told-apart"], false, "{same}");
    let table = case.run(&["policy", "compare", &file, "built-in", "recorded"]);
    assert!(table.success().contains("the policies cannot be told apart"), "{}", table.success());
    let bytes = fs::read(&file).expect("it was written");
    fs::write(&file, &bytes[..bytes.len() / 2]).expect("it can be written");
    case.run(&["policy", "replay", &file]).refused(2, "recording-cut-off", &["was cut off after"]);
    let other = case.project.path().join("project.conf").to_string_lossy().into_owned();
    case.run(&["policy", "replay", &other]).refused(2, "not-a-recording", &["--record FILE"]);
    case.run(&["policy", "compare", &file]).refused(2, "recording-cut-off", &[]);
}

#[test]
fn a_shadow_policy_only_says_what_it_would_have_done() {
    let case = Case::new();
    let element = chain(&case);
    let _ = case.build(&element);
    case.write_header(2);
    let events = case.project.path().join("events").to_string_lossy().into_owned();
    let shadow = ["--shadow-policy", "priming-selective", "--shadow-setting", "least-ms=4000000000"];
    let build = [&["--json-events", &events, "build", &element], &shadow[..]].concat();
    let _ = case.run(&build).success();
    let events = case.project.read("events");
    let figures = crate::case::figures(&events);
    assert!(hits(&figures) > 0, "the policy of the session primes: {figures:?}");
    let told = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let told: Vec<Value> = told.filter(|event| event["reason"] == "shadow-policy").collect();
    assert_eq!(told.len(), 1, "{events}");
    let told = &told[0]["figures"];
    // It skips only the last action, which no other one reads from.
    assert_eq!((told["different"].as_u64(), told["fewer-right"].as_u64()), (Some(1), Some(1)), "{told}");
    case.write_header(3);
    let figures = case.build(&element);
    assert!(hits(&figures) > 0 && count(&figures, "skipped-too-cheap") == 0, "{figures:?}");
}

#[test]
fn another_overlay_policy_for_one_build_does_not_change_what_is_recorded() {
    let case = Case::new();
    let element = chain(&case);
    let _ = case.build(&element);
    let usual = case.alternatives(&element);
    let prototype = require_env("SPEC_COMPONENTS").join("overlay-prototype.wasm");
    let prototype = prototype.to_string_lossy();
    case.write_header(2);
    let _ = case.build_with(&element, &["--overlay-policy", &prototype]);
    assert_eq!(case.alternatives(&element), usual, "the one that was tried selects fewer");
    case.configure(&format!("  overlay-policy: {prototype}\n"));
    case.write_header(3);
    let _ = case.build(&element);
    assert!(case.alternatives(&element) < usual, "the configured one selects fewer");
}
