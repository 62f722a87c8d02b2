//! A project of two elements, built without sources: `base.bst` is a tree with the shell of this machine, and the commands
//! of `app.bst` run on it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command as Host;
use std::sync::{Arc, Mutex, PoisonError};

use spec_artifact::{Artifact, Artifacts};
use spec_build::{
    BuildError, BuildObserver, BuildRequest, Builder, BuilderOptions, CacheBuildtrees, ElementKeys, Warning,
};
use spec_cas::{Cas, ImportMode, TreeBuilder};
use spec_execution::{
    ActionCommandRunner, CommandRunner, ExecutionError, Executions, Executor, InPlaceRunner, LazyExecutions,
    OpenSocket, PoolOptions, RemoteApis, ResultCache, SocketOptions,
};
use spec_model::{Cancel, Digest, Key, Subaction, Value};
use spec_project::{
    JunctionSources, LoadOptions, Project, SourcesFolder, SubprojectError, SubprojectSources,
    UnresolvedProject,
};
use spec_strategy::{
    Command, CommandGroup, Configured, DependencyFacts, ElementInput, ElementKind, KindDescription,
    KindError, KindRegistry, KindRequest, Plan, Step,
};

/// Programs of this machine that are in the base.
const PROGRAMS: [&str; 5] = ["/bin/sh", "/bin/mkdir", "/bin/sleep", "/bin/rm", "/bin/mv"];

/// Where the commands of `app.bst` start, unless a test says otherwise: in a directory that can be written.
const WORKING_DIRECTORY: &str = "/build/deep/dir";

/// A project with a store, and what its builds have of sockets.
pub(crate) struct Fixture {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) cas: Cas,
    pub(crate) sockets: Arc<Sockets>,
    pub(crate) user_namespaces: bool,
    project: Project,
}

/// The project has no junctions.
struct NoJunctions;

impl SubprojectSources for NoJunctions {
    fn folder(&self, _: &JunctionSources<'_>) -> Result<SourcesFolder, SubprojectError> {
        Err(SubprojectError::NoRef)
    }
}

/// What came of a build.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) artifact: Result<Artifact, BuildError>,
    pub(crate) log: String,
}

/// How the groups of commands of `app.bst` are written: the label, and its commands for `sh -e -c`.
pub(crate) type Groups<'a> = &'a [(&'a str, &'a [&'a str])];

impl Fixture {
    /// A project whose `app.bst` runs these groups. `app` is more of its file.
    pub(crate) fn new(groups: Groups<'_>, app: &str) -> Self {
        let groups = groups.iter().map(|(label, commands)| CommandGroup {
            label: (*label).to_owned(),
            read_only_root: true,
            commands: commands.iter().map(|text| sh(text)).collect(),
        });
        Self::with_plan(groups.map(Step::Run).collect(), app)
    }

    pub(crate) fn with_plan(runs: Vec<Step>, app: &str) -> Self {
        Self::with_plan_in(WORKING_DIRECTORY, runs, app)
    }

    /// A project whose `app.bst` runs these steps in that directory.
    pub(crate) fn with_plan_in(directory: &'static str, runs: Vec<Step>, app: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        write("project.conf", "name: test\nmin-version: 2.0\n");
        write(
            "base.bst",
            "kind: base\npublic:\n  bst:\n    integration-commands:\n    - mkdir /data; echo $WHO > /data/who\n    \
             - read who < /data/who; echo $who again > /data/again; echo > /tmp/t\nenvironment:\n  PATH: /bin\n  WHO: base's\n",
        );
        let environment = "environment:\n  PATH: /bin\n  GREETING: it's $HOME, \"quoted\"\n";
        write("app.bst", &format!("kind: app\nbuild-depends: [base.bst]\n{environment}{app}"));
        let targets = vec!["app.bst".to_owned()];
        let options = LoadOptions { directory: folder.path().to_owned(), targets, ..LoadOptions::default() };
        let project = UnresolvedProject::read(&options, &NoJunctions)
            .and_then(|project| project.resolve(&Kinds(directory, runs)));
        let project = project.expect("a good project");
        let cas = Cas::open(folder.path().join("cas")).expect("a store");
        let sockets = Sockets::new(folder.path().join("sockets"));
        let fixture = Self { cas, sockets, project, folder, user_namespaces: false };
        let base = fixture.index("base.bst");
        let tree = base_tree(&fixture.cas);
        fixture
            .build_element(base, Some(tree), Arc::new(InPlaceRunner), &Cancel::new())
            .expect("a good base");
        fixture
    }

    fn index(&self, name: &str) -> usize {
        let found = self.project.elements.iter().position(|element| element.name.to_string() == name);
        found.expect("the element is loaded")
    }

    /// Builds `app.bst`.
    pub(crate) fn build(&self, commands: Arc<dyn CommandRunner>, cancel: &Cancel) -> Built {
        _ = fs::remove_dir_all(self.logs());
        let artifact = self.build_element(self.index("app.bst"), None, commands, cancel);
        Built { artifact, log: self.log() }
    }

    /// The log of `app.bst` as it is now.
    pub(crate) fn log(&self) -> String {
        let logs = fs::read_dir(self.logs().join("test/app")).into_iter().flatten();
        let paths = logs.map(|entry| entry.expect("an entry").path());
        paths.map(|path| fs::read_to_string(path).expect("a log")).collect()
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    fn build_element(
        &self,
        element: usize,
        sources: Option<Digest>,
        commands: Arc<dyn CommandRunner>,
        cancel: &Cancel,
    ) -> Result<Artifact, BuildError> {
        let projects = BTreeSet::from(["test".to_owned()]);
        let options = BuilderOptions {
            logs: self.logs(),
            cache_buildtrees: CacheBuildtrees::Always,
            artifact_size: 1 << 30,
            key_length: 8,
            user_namespaces: if self.user_namespaces { projects } else { BTreeSet::new() },
        };
        let artifacts = Artifacts::new(self.cas.clone());
        let builder = Builder::new(self.cas.clone(), artifacts, self.sockets.clone(), options);
        let keys = |element: usize| {
            let key = Key::of(&element.to_be_bytes());
            ElementKeys { strong: key, strict: key, weak: key }
        };
        let project = &self.project;
        let request =
            BuildRequest { project, element, keys: &keys, sources, previous: None, key_description: None };
        builder.with_command_runner(commands).build(&request, &Quiet, cancel)
    }

    /// A runner that makes actions for this executor, and the results that it answers from.
    pub(crate) fn as_actions(&self, executor: Arc<dyn Executor>) -> Arc<dyn CommandRunner> {
        Arc::new(ActionCommandRunner::new(Arc::new(self.executions(executor))))
    }

    pub(crate) fn executions(&self, executor: Arc<dyn Executor>) -> LazyExecutions {
        let cas = self.cas.clone();
        let options = PoolOptions { workers: 1, max_queued: 10 };
        LazyExecutions::new(move || {
            Executions::start(cas.clone(), ResultCache::new(&cas), executor.clone(), options)
        })
    }
}

pub(crate) fn sh(text: &str) -> Command {
    Command { label: text.to_owned(), argv: ["sh", "-e", "-c", text].map(str::to_owned).to_vec() }
}

pub(crate) fn base_tree(cas: &Cas) -> Digest {
    let mut builder = TreeBuilder::new();
    let mut add = |host: &Path, inside: &str| {
        let digest = cas.put_file(host, ImportMode::Copy).expect("the store takes it");
        builder.add_file(inside, digest, true).expect("the path is good");
    };
    for program in PROGRAMS {
        add(Path::new(program), program.trim_start_matches('/'));
        let listed = Host::new("ldd").arg(program).output().expect("ldd comes with libc").stdout;
        let listed = String::from_utf8(listed).expect("paths are UTF-8");
        for path in listed.split_whitespace().filter(|word| word.starts_with('/')) {
            add(Path::new(path), path.trim_start_matches('/'));
        }
    }
    builder.add_symlink("linked", "data").expect("the path is good");
    builder.store(cas).expect("the store takes it")
}

/// The kinds `base`, which stages its sources, and `app`, which runs these steps on its dependencies, in a directory.
struct Kinds(&'static str, Vec<Step>);

struct Kind(KindDescription, Plan);

impl KindRegistry for Kinds {
    fn kind(&self, request: &KindRequest) -> Result<Arc<dyn ElementKind>, KindError> {
        let steps = match request.name.as_str() {
            "base" => vec![Step::StageSources { path: "/".to_owned() }],
            _ => {
                let (location, dependencies) = ("/".to_owned(), vec![0]);
                let mut steps = vec![
                    Step::StageDependencies { location, dependencies: dependencies.clone() },
                    Step::Integrate { dependencies },
                ];
                steps.extend(self.1.clone());
                steps
            }
        };
        let is_app = request.name == "app";
        let directories = ["/build/deep", "/install"].map(str::to_owned).to_vec();
        let plan = Plan {
            working_directory: is_app.then(|| self.0.to_owned()),
            marked_directories: if is_app { directories } else { Vec::new() },
            steps,
            collect: if is_app { "/install" } else { "/" }.to_owned(),
            ..Plan::default()
        };
        let description = KindDescription {
            name: request.name.clone(),
            runs_commands: is_app,
            has_artifact: true,
            ..KindDescription::default()
        };
        Ok(Arc::new(Kind(description, plan)))
    }
}

impl ElementKind for Kind {
    fn description(&self) -> &KindDescription {
        &self.0
    }

    fn configure(&self, _: &ElementInput, _: &dyn DependencyFacts) -> Result<Configured, KindError> {
        Ok(Configured::new(&Value::Int(1), self.1.clone()))
    }
}

struct Quiet;

impl BuildObserver for Quiet {
    fn activity(&self, _: &str, _: Option<(u64, u64)>) {}

    fn warning(&self, _: Warning) {}
}

/// Sockets that tell of an answer as soon as they are open, and note whether they were opened for actions.
#[derive(Debug)]
pub(crate) struct Sockets {
    folder: PathBuf,
    pub(crate) answer: Mutex<Option<Subaction>>,
    pub(crate) opened: Mutex<Vec<bool>>,
}

#[derive(Debug)]
struct Socket(PathBuf, #[allow(dead_code, reason = "listens while it lives")] UnixListener);

impl Sockets {
    fn new(folder: PathBuf) -> Arc<Self> {
        fs::create_dir(&folder).expect("a folder");
        Arc::new(Self { folder, answer: Mutex::default(), opened: Mutex::default() })
    }
}

impl RemoteApis for Sockets {
    fn open(&self, wanted: SocketOptions) -> Result<Box<dyn OpenSocket>, ExecutionError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.push(wanted.for_action);
        if let Some(answer) = &*self.answer.lock().unwrap_or_else(PoisonError::into_inner) {
            wanted.recording.record(|| answer.clone());
        }
        let path = self.folder.join(opened.len().to_string());
        let listener = UnixListener::bind(&path).expect("the folder is ours");
        Ok(Box::new(Socket(path, listener)))
    }
}

impl OpenSocket for Socket {
    fn path(&self) -> &Path {
        &self.0
    }
}
