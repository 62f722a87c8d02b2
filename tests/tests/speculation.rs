//! Speculative actions in builds, with the released recc of the Debian base: what one build asked for is recorded, and
//! answered in the next one before it is asked for.

use std::collections::BTreeMap;

use serde_json::Value;
use spec_testkit::{Host, Outcome, Project};

/// The example's `app` and `dep` under names of their own, so that nobody has asked for their actions before: recc puts
/// the element's name, as part of the working directory, into every action.
struct Case {
    host: Host,
    project: Project,
    app: String,
}

impl Case {
    fn new() -> Case {
        let (host, project) = (Host::shared(), Project::on_base(&[]));
        host.configure("scheduler:\n  speculative-actions: True\n");
        let folder = project.path().parent().and_then(|folder| folder.file_name());
        let folder = folder.expect("a temporary folder has a name").to_string_lossy();
        let token = folder.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let app = format!("app-{token}.bst");
        project.write(&format!("elements/{app}"), &project.read("elements/app.bst"));
        Case { host, project, app }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.host.run(&self.project, &[&["--option", "recc", "true"], arguments].concat())
    }

    /// Builds the application; answers with the numbers of speculation, if there were any.
    fn build(&self, more: &[&str]) -> BTreeMap<String, u64> {
        let events = self.project.path().join("events");
        let events_text = events.to_string_lossy();
        let options = ["--json-events", &*events_text, "build", &self.app];
        let _ = self.run(&[&options[..], more].concat()).success();
        figures(&self.project.read("events"))
    }

    /// Writes another header, which changes what `main.c` becomes.
    fn change_header(&self, version: u32) {
        let version = format!("{}-{version}", self.app);
        let text = format!("#define DEP_VERSION \"{version}\"\n#define DEP_ANSWER 42\n");
        self.project.write("files/dep/include/dep.h", &text);
    }

    /// How the actions of make, not of configure, were answered: `main`, `util`, `link`.
    fn answers(&self) -> BTreeMap<&'static str, String> {
        let shown = self.run(&["artifact", "subactions", "--json", &self.app]);
        let all: Value = serde_json::from_str(shown.success()).expect("it is JSON");
        let all = all[0]["subactions"].as_array().expect("there is a list").clone();
        let of_make = all.iter().filter(|one| !one["command"].to_string().contains("conftest"));
        of_make.map(|one| (name(one), one["answered"].as_str().unwrap_or("?").to_owned())).collect()
    }
}

fn name(subaction: &Value) -> &'static str {
    let outputs = subaction["outputs"].to_string();
    let names = [("main.o", "main"), ("util.o", "util")];
    names.into_iter().find(|(output, _)| outputs.contains(output)).map_or("link", |(_, name)| name)
}

/// The numbers in the message about speculation.
fn figures(events: &str) -> BTreeMap<String, u64> {
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let mut told = events.filter(|event| event["reason"] == "speculative-actions");
    let told = told.next().map(|event| event["figures"].clone()).unwrap_or_default();
    let figures = told.as_object().cloned().unwrap_or_default();
    figures.into_iter().map(|(name, number)| (name, number.as_u64().expect("it is a number"))).collect()
}

fn without_execution(answers: &BTreeMap<&'static str, String>) -> bool {
    answers.len() == 3 && answers.values().all(|answer| answer != "executed")
}

#[test]
fn a_changed_header_of_a_dependency_is_built_ahead() {
    let case = Case::new();
    assert_eq!(case.build(&[]), BTreeMap::new(), "there is nothing to predict");
    let first = case.answers();
    assert!(first.len() == 3 && first.values().all(|answer| answer == "executed"), "{first:?}");

    case.change_header(2);
    let figures = case.build(&[]);
    let answers = case.answers();
    assert!(without_execution(&answers), "{answers:?} {figures:?}");
    let count = |name: &str| figures.get(name).copied().unwrap_or_default();
    assert_eq!(
        count("used") + count("joined"),
        3,
        "configure's look at dep.h, main.o, the program: {figures:?}"
    );
    let sums = ["recorded", "primed", "sent", "cpu-ms", "useful-cpu-ms", "saved-ms"];
    let buckets: u64 =
        figures.iter().filter(|(name, _)| !sums.contains(&&***name)).map(|(_, count)| count).sum();
    assert_eq!(buckets, count("recorded"), "every action is in one bucket: {figures:?}");
}
