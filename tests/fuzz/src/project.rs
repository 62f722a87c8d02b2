//! Whole projects: project.conf, two elements and a file to include.

use std::fs;
use std::sync::Arc;

use spec_model::{UserError, Value};
use spec_project::{
    JunctionSources, LoadOptions, Scope, SourcesFolder, SubprojectError, SubprojectSources, UnresolvedProject,
};
use spec_strategy::{
    Configured, DependencyFacts, ElementInput, ElementKind, KindDescription, KindError, KindRegistry,
    KindRequest, Plan,
};

use crate::scratch;

/// The input is the text of each file.
pub fn run(data: &[u8]) {
    let Some(texts) = crate::texts::<4>(data) else { return };
    let folder = scratch::folder();
    for (name, text) in ["project.conf", "a.bst", "b.bst", "included.yml"].into_iter().zip(texts) {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    let options = LoadOptions {
        directory: folder.path().to_path_buf(),
        targets: vec!["a.bst".to_owned()],
        max_jobs: Some(4),
        ..LoadOptions::default()
    };
    match UnresolvedProject::read(&options, &NoJunctions).and_then(|project| project.resolve(&Kinds)) {
        Err(error) => assert!(!error.reason().is_empty() && !error.to_string().is_empty()),
        Ok(project) => {
            let target = project.targets[0];
            assert_eq!(project.elements[target].name.to_string(), "a.bst");
            assert_eq!(project.scope(&[target], Scope::Run).last(), Some(&target));
        }
    }
}

/// Junctions without sources.
struct NoJunctions;

impl SubprojectSources for NoJunctions {
    fn folder(&self, _: &JunctionSources<'_>) -> Result<SourcesFolder, SubprojectError> {
        Err(SubprojectError::NoRef)
    }
}

/// Any kind; its key is its configuration.
struct Kind(KindDescription);

impl ElementKind for Kind {
    fn description(&self) -> &KindDescription {
        &self.0
    }

    fn configure(&self, input: &ElementInput, _: &dyn DependencyFacts) -> Result<Configured, KindError> {
        let unique_key =
            Value::from(format!("{:?}", input.config.entries.keys().collect::<Vec<_>>()).as_str());
        Ok(Configured::new(&unique_key, Plan::default()))
    }
}

struct Kinds;

impl KindRegistry for Kinds {
    fn kind(&self, request: &KindRequest) -> Result<Arc<dyn ElementKind>, KindError> {
        let description = KindDescription {
            name: request.name.clone(),
            defaults: "variables: {d: '%{prefix}'}\nconfig: {commands: [a]}\n".to_owned(),
            runs_commands: true,
            has_artifact: true,
            ..KindDescription::default()
        };
        Ok(Arc::new(Kind(description)))
    }
}

/// A project with every feature, and a small one.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let conf = "name: p\nmin-version: 2.0\nelement-path: .\n(@): included.yml\naliases: {up: 'https://up.org/'}\n\
        options:\n  o: {type: bool, description: d, default: true, variable: v}\n  arch: {type: arch, description: d, \
        values: [x86-64, aarch64]}\nelements:\n  manual:\n    variables: {w: '%{v}'}\nsandbox: {build-os: linux}\n\
        environment: {E: '%{w}'}\nplugins:\n- origin: local\n  path: .\n  elements: [x]\nfatal-warnings: [overlaps]\n\
        mirrors:\n- name: m\n  aliases: {up: ['https://m/']}\nref-storage: inline\ndefaults: {targets: [a.bst]}\n";
    let a = "kind: manual\ndescription: d\nbuild-depends:\n- b.bst\n- filename: b.bst\n  type: runtime\n  config: {location: /x}\n\
        sources:\n- kind: tar\n  url: up:a.tar\n  ref: r\n  directory: s\nvariables:\n  u: '%{w}%{prefix}'\n  (?):\n  - o: {y: '1'}\n  \
        - arch == \"aarch64\": {y: '2'}\nconfig:\n  commands:\n    (>): ['%{u}']\npublic: {bst: {split-rules: {d: [/x]}}}\n\
        sandbox: {remote-apis-socket: {path: /s}}\n";
    let b = "kind: stack\nruntime-depends: []\nenvironment-nocache: [E]\n(?):\n- not o:\n    (!): no\n";
    let small = ["name: p\nmin-version: 2.0\n", "kind: k\ndepends: [b.bst]\n", "kind: k\n", ""];
    vec![crate::joined(&[conf, a, b, "variables: {v2: x}\n"]), crate::joined(&small)]
}
