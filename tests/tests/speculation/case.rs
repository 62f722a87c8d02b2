//! A project whose actions were never requested before.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use spec_proto::Message;
use spec_proto::buildstream::v2::Artifact;
use spec_testkit::recc::{BASE, RECC};
use spec_testkit::{Host, Outcome, Project};

/// How long a run may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(300);

/// A project with a header in `dep.bst`, and elements with unique names: recc puts the element's name, as part of the
/// working directory, into every action.
pub(crate) struct Case {
    pub(crate) host: Host,
    pub(crate) project: Project,
    token: String,
}

/// The figures of speculation; empty when there was nothing to predict.
pub(crate) type Figures = BTreeMap<String, u64>;

/// How actions were answered, by their last output.
pub(crate) type Answers = BTreeMap<String, String>;

impl Case {
    pub(crate) fn new() -> Case {
        Case::on(Host::shared(), "")
    }

    /// With these lines in the user configuration of `host`.
    pub(crate) fn on(host: Host, configuration: &str) -> Case {
        let project = Project::on_base(&[]);
        let token = project.token();
        let case = Case { host, project, token };
        case.configure(configuration);
        case.write_header(1);
        case
    }

    /// The same project on another machine, where it is in another folder.
    pub(crate) fn on_machine(&self, host: Host, configuration: &str) -> Case {
        let (project, token) = (Project::copy(self.project.path()), self.token.clone());
        let case = Case { host, project, token };
        case.configure(configuration);
        case
    }

    pub(crate) fn configure(&self, configuration: &str) {
        self.host.configure(&format!("scheduler:\n  speculative-actions: True\n{configuration}"));
    }

    /// A name that only this project has.
    pub(crate) fn name(&self, stem: &str) -> String {
        format!("{stem}-{}.bst", self.token)
    }

    /// Writes an element; answers with its name.
    pub(crate) fn element(&self, stem: &str, text: &str) -> String {
        let name = self.name(stem);
        self.project.write(&format!("elements/{name}"), text);
        name
    }

    /// The example's application: autotools, two sources, and what configure compiles.
    pub(crate) fn app(&self) -> String {
        self.element("app", &self.project.read("elements/app.bst"))
    }

    /// An element that runs these commands with recc, with the base and `dep.bst`, and `more` of its text.
    pub(crate) fn manual(&self, stem: &str, more: &str, commands: &[&str]) -> String {
        self.manual_with(stem, &format!("{BASE}- dep.bst\n"), more, commands)
    }

    /// An element that runs these commands with recc and these dependencies.
    pub(crate) fn manual_with(&self, stem: &str, depends: &str, more: &str, commands: &[&str]) -> String {
        // Texts of JSON are texts of YAML.
        let commands = commands.iter().map(|command| format!("  - {}\n", Value::from(*command)));
        let commands: String = commands.collect();
        let build = format!("config:\n  build-commands:\n{commands}");
        self.element(stem, &format!("kind: manual\nbuild-depends:\n{depends}{RECC}{more}{build}"))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.host.command(&self.project);
        command.env("HOME", self.host.folder()).args(["--option", "recc", "true"]).args(arguments);
        Outcome::of(&mut command, DEADLINE)
    }

    pub(crate) fn try_build(&self, element: &str, more: &[&str]) -> (Outcome, Figures) {
        let events = self.project.path().join("events").to_string_lossy().into_owned();
        let outcome = self.run(&[&["--json-events", &events, "build", element], more].concat());
        (outcome, figures(&self.project.read("events")))
    }

    pub(crate) fn build_with(&self, element: &str, more: &[&str]) -> Figures {
        let (outcome, figures) = self.try_build(element, more);
        let _ = outcome.success();
        figures
    }

    pub(crate) fn build(&self, element: &str) -> Figures {
        self.build_with(element, &[])
    }

    /// The name of a version, in the header and in all that includes it.
    pub(crate) fn version(&self, version: u32) -> String {
        format!("{}-{version}", self.token)
    }

    /// Writes a header that changes every file that includes it.
    pub(crate) fn write_header(&self, version: u32) {
        let version = self.version(version);
        self.header(&format!("#define DEP_VERSION \"{version}\"\n#define DEP_ANSWER 42\n"));
    }

    pub(crate) fn header(&self, text: &str) {
        self.project.write("files/dep/include/dep.h", text);
    }

    /// Makes an archive of the project's sources from a folder of it, and tracks the element that has it.
    pub(crate) fn pack(&self, folder: &str, archive: &str, element: &str) {
        let path = self.project.path().join("sources").join(archive);
        let file = File::create(path).expect("the project can be written");
        let mut builder = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
        let root = folder.rsplit('/').next().expect("the last part is there");
        builder.append_dir_all(root, self.project.path().join(folder)).expect("the folder can be read");
        builder.into_inner().and_then(GzEncoder::finish).expect("the archive can be written");
        let _ = self.run(&["source", "track", element]).success();
    }

    /// How the actions of the build, not of configure, were answered.
    pub(crate) fn answers(&self, element: &str) -> Answers {
        let shown = self.run(&["artifact", "subactions", "--json", element]);
        let all: Value = serde_json::from_str(shown.success()).expect("it is JSON");
        let all = all[0]["subactions"].as_array().expect("there is a list").clone();
        let of_make = all.iter().filter(|one| !one["command"].to_string().contains("conftest"));
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let output = |one: &Value| {
            one["outputs"].as_array().and_then(|all| all.last().map(|last| text(&last["path"])))
        };
        of_make.map(|one| (output(one).unwrap_or_default(), text(&one["answered"]))).collect()
    }

    /// The record that the element's last artifact names, under both keys.
    pub(crate) fn record(&self, element: &str) -> Option<String> {
        let stem = element.trim_end_matches(".bst");
        let folder = self.host.cache().join("cas/refs/artifacts/hello").join(stem);
        let artifacts = fs::read_dir(&folder).expect("it was built").flatten();
        let newest = artifacts.max_by_key(|file| file.metadata().and_then(|data| data.modified()).ok());
        let bytes = fs::read(newest.expect("it was built").path()).expect("it can be read");
        let artifact = Artifact::decode(&*bytes).expect("it is an artifact");
        artifact.speculative_actions.map(|digest| digest.hash)
    }

    /// A file of an element's artifact.
    pub(crate) fn installed(&self, element: &str, path: &str) -> Vec<u8> {
        let folder = self.project.path().join("checkout");
        let to = folder.to_string_lossy();
        let _ = self
            .run(&["artifact", "checkout", "--force", "--deps", "none", "--directory", &to, element])
            .success();
        fs::read(folder.join(path)).expect("it was installed")
    }
}

/// The numbers in the message about speculation.
pub(crate) fn figures(events: &str) -> Figures {
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let mut told = events.filter(|event| event["reason"] == "speculative-actions");
    let told = told.next().map(|event| event["figures"].clone()).unwrap_or_default();
    let figures = told.as_object().cloned().unwrap_or_default();
    figures.into_iter().map(|(name, number)| (name, number.as_u64().expect("it is a number"))).collect()
}

pub(crate) fn count(figures: &Figures, name: &str) -> u64 {
    figures.get(name).copied().unwrap_or_default()
}

/// The number of primed actions that the build requested.
pub(crate) fn hits(figures: &Figures) -> u64 {
    count(figures, "used") + count(figures, "joined")
}

pub(crate) fn executed(answers: &Answers) -> usize {
    answers.values().filter(|answer| *answer == "executed").count()
}

/// The buckets, which add up.
pub(crate) fn buckets(figures: &Figures) -> Figures {
    let sums = ["recorded", "primed", "sent", "cpu-ms", "useful-cpu-ms", "saved-ms", "unseen"];
    let buckets = figures.iter().filter(|(name, _)| !sums.contains(&name.as_str()));
    let buckets: Figures = buckets.map(|(name, count)| (name.clone(), *count)).collect();
    assert_eq!(buckets.values().sum::<u64>(), count(figures, "recorded"), "one bucket each: {figures:?}");
    buckets
}
