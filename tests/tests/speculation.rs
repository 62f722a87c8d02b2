//! Speculative actions in builds, with the released recc of the Debian base: what one build asked for is recorded, and
//! answered in the next one before it is asked for.

use std::collections::BTreeMap;

use serde_json::Value;
use spec_testkit::{Host, Outcome, Project};

/// A project with a header in `dep.bst`, and a name for elements that nobody has built before: recc puts the element's
/// name, as part of the working directory, into every action.
struct Case {
    host: Host,
    project: Project,
    element: String,
}

/// The numbers of speculation; empty when there was nothing to predict.
type Figures = BTreeMap<String, u64>;

impl Case {
    fn new() -> Case {
        let (host, project) = (Host::shared(), Project::on_base(&[]));
        host.configure("scheduler:\n  speculative-actions: True\n");
        let token = project.token();
        let case = Case { host, project, element: format!("app-{token}.bst") };
        case.write_header(1);
        case
    }

    /// The example's application: autotools, two sources, and what configure compiles.
    fn app() -> Case {
        let case = Case::new();
        case.project.write(&format!("elements/{}", case.element), &case.project.read("elements/app.bst"));
        case
    }

    /// An element that runs these commands.
    fn manual(commands: &[&str], more: &str) -> Case {
        let case = Case::new();
        // Texts of JSON are texts of YAML.
        let commands = commands.iter().map(|command| format!("  - {}\n", Value::from(*command)));
        let commands: String = commands.collect();
        case.project.write(
            &format!("elements/{}", case.element),
            &format!("{MANUAL}{more}config:\n  build-commands:\n{commands}"),
        );
        case
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.host.run(&self.project, &[&["--option", "recc", "true"], arguments].concat())
    }

    fn try_build(&self, more: &[&str]) -> (Outcome, Figures) {
        let events = self.project.path().join("events").to_string_lossy().into_owned();
        let outcome = self.run(&[&["--json-events", &events, "build", &self.element], more].concat());
        let figures = figures(&self.project.read("events"));
        (outcome, figures)
    }

    fn build(&self, more: &[&str]) -> Figures {
        let (outcome, figures) = self.try_build(more);
        let _ = outcome.success();
        figures
    }

    /// Writes a header that changes whatever includes it.
    fn write_header(&self, version: u32) {
        let version = format!("{}-{version}", self.element);
        self.header(&format!("#define DEP_VERSION \"{version}\"\n#define DEP_ANSWER 42\n"));
    }

    fn header(&self, text: &str) {
        self.project.write("files/dep/include/dep.h", text);
    }

    /// How the actions of the build, not of configure, were answered, by their last output.
    fn answers(&self) -> BTreeMap<String, String> {
        let shown = self.run(&["artifact", "subactions", "--json", &self.element]);
        let all: Value = serde_json::from_str(shown.success()).expect("it is JSON");
        let all = all[0]["subactions"].as_array().expect("there is a list").clone();
        let of_make = all.iter().filter(|one| !one["command"].to_string().contains("conftest"));
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let output = |one: &Value| {
            one["outputs"].as_array().and_then(|all| all.last().map(|last| text(&last["path"])))
        };
        of_make.map(|one| (output(one).unwrap_or_default(), text(&one["answered"]))).collect()
    }
}

/// An element with recc that sees the header of `dep.bst`.
const MANUAL: &str = "kind: manual
build-depends:
- filename: debian.bst
  config:
    digest-environment: RECC_REMOTE_PLATFORM_chrootRootDigest
- dep.bst
environment:
  RECC_SERVER: unix:/tmp/casd.sock
  RECC_DEPS_GLOBAL_PATHS: 1
  RECC_NO_PATH_REWRITE: 1
sandbox:
  remote-apis-socket:
    path: /tmp/casd.sock
";

/// Makes a source that includes the header, and compiles it.
const COMPILE: [&str; 2] =
    ["printf '#include <dep.h>\\nconst char *version = DEP_VERSION;\\n' > a.c", "recc gcc -c a.c -o a.o"];

/// The numbers in the message about speculation.
fn figures(events: &str) -> Figures {
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let mut told = events.filter(|event| event["reason"] == "speculative-actions");
    let told = told.next().map(|event| event["figures"].clone()).unwrap_or_default();
    let figures = told.as_object().cloned().unwrap_or_default();
    figures.into_iter().map(|(name, number)| (name, number.as_u64().expect("it is a number"))).collect()
}

fn count(figures: &Figures, name: &str) -> u64 {
    figures.get(name).copied().unwrap_or_default()
}

fn executed(answers: &BTreeMap<String, String>) -> usize {
    answers.values().filter(|answer| *answer == "executed").count()
}

#[test]
fn every_change_of_a_header_is_built_ahead() {
    let case = Case::app();
    assert_eq!(case.build(&[]), Figures::new(), "there is nothing to predict");
    let first = case.answers();
    assert_eq!((first.len(), executed(&first)), (3, 3), "{first:?}");
    for version in 2..7 {
        if version == 5 {
            case.header("#error broken\n");
            let (broken, _) = case.try_build(&[]);
            broken.refused(1, "command-failed", &[]);
        }
        case.write_header(version);
        let figures = case.build(&[]);
        let answers = case.answers();
        assert_eq!((answers.len(), executed(&answers)), (3, 0), "{version}: {answers:?} {figures:?}");
        let hits = count(&figures, "used") + count(&figures, "joined");
        assert_eq!(hits, 3, "{version}: configure's look at dep.h, main.o, the program: {figures:?}");
        let sums = ["recorded", "primed", "sent", "cpu-ms", "useful-cpu-ms", "saved-ms"];
        let buckets = figures.iter().filter(|(name, _)| !sums.contains(&name.as_str()));
        let buckets: u64 = buckets.map(|(_, count)| count).sum();
        assert_eq!(buckets, count(&figures, "recorded"), "every action is in one bucket: {figures:?}");
    }
}

#[test]
fn a_mode_that_makes_no_records_keeps_the_one_that_is_there() {
    let case = Case::manual(&COMPILE, "");
    let _ = case.build(&[]);
    for (version, mode, hits) in [(2, "prime-only", 1), (3, "none", 0), (4, "prime-only", 1)] {
        case.write_header(version);
        let figures = case.build(&["--speculation", mode]);
        let found = count(&figures, "used") + count(&figures, "joined");
        assert_eq!((found, executed(&case.answers())), (hits, 1 - hits as usize), "{version}: {figures:?}");
    }
}

#[test]
fn who_does_not_want_it_is_left_alone() {
    let no = "public:\n  bst:\n    speculative-actions: False\n";
    for (public, mode) in [(no, "full"), ("", "none")] {
        let case = Case::manual(&COMPILE, public);
        for version in 1..3 {
            case.write_header(version);
            assert_eq!(case.build(&["--speculation", mode]), Figures::new(), "{mode}");
            assert_eq!(executed(&case.answers()), 1, "{mode}");
        }
    }
    let wrong = "public:\n  bst:\n    speculative-actions: [maybe]\n";
    let case = Case::manual(&COMPILE, wrong);
    case.run(&["build", &case.element]).refused(2, "invalid-data", &["speculative-actions"]);
}

#[test]
fn a_generated_header_is_learned_from_the_first_that_asks() {
    let sources = "for i in 1 2 3 4 5 6 7 8; do \
         printf '#include \"config.h\"\\nconst char *version%s = VERSION;\\n' $i > $i.c; done";
    let compile = "for i in 1 2 3 4 5 6 7 8; do recc gcc -c $i.c -o $i.o; done";
    let configure = "sed -n 's/DEP_VERSION/VERSION/p' /usr/include/dep.h > config.h";
    let case = Case::manual(&[configure, sources, compile], "");
    let _ = case.build(&[]);
    assert_eq!(executed(&case.answers()), 8);
    case.write_header(2);
    let figures = case.build(&[]);
    let answers = case.answers();
    // How many depends on how fast the build asks, but for the first.
    assert!((1..=4).contains(&executed(&answers)), "{answers:?} {figures:?}");
}
