//! Shared by the tests: registries with their own cache, and elements.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use spec_model::{FilePosition, Mapping, Node, UserError};
use spec_plugins::{Options, Plugins};
use spec_strategy::{DependencyInput, ElementInput, ElementKind, KindError, KindRegistry, KindRequest};
use tempfile::TempDir;

/// A cache of compiled code for all tests of this process.
static CACHE: LazyLock<TempDir> = LazyLock::new(temporary);

pub(crate) fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

/// The usual options without cached answers; tests change the options that they test.
pub(crate) fn options() -> Options {
    Options { keep_answers: false, ..Options::new(CACHE.path().to_owned()) }
}

/// A component that `cargo xtask guests` made.
pub(crate) fn component(name: &str) -> PathBuf {
    let directory = std::env::var_os("SPEC_COMPONENTS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/components"), PathBuf::from);
    let file = directory.join(format!("{name}.wasm"));
    assert!(file.exists(), "there is no {}; run: cargo xtask guests", file.display());
    file
}

pub(crate) fn request(kind: &str, component: Option<PathBuf>) -> KindRequest {
    let bare = KindRequest { name: kind.to_owned(), ..KindRequest::default() };
    component.map_or(bare, |file| KindRequest::of_file(kind, file))
}

/// A default kind.
pub(crate) fn embedded(kind: &str) -> Arc<dyn ElementKind> {
    Plugins::new(options()).embedded_kind(kind).expect("default kinds load")
}

/// A guest of the tests, or its error.
pub(crate) fn guest(name: &str, options: Options) -> Result<Arc<dyn ElementKind>, KindError> {
    Plugins::new(options).kind(&request(name, Some(component(name))))
}

/// An element with the variables that build elements need, and a source.
pub(crate) fn element(name: &str) -> ElementInput {
    ElementInput {
        name: name.to_owned(),
        project: "project".to_owned(),
        variables: [("build-root", "/build"), ("install-root", "/install")]
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        sources: vec!["local".to_owned()],
        ..ElementInput::default()
    }
}

pub(crate) fn with_variable(mut element: ElementInput, name: &str, value: &str) -> ElementInput {
    element.variables.push((name.into(), value.into()));
    element.variables.sort_unstable();
    element
}

pub(crate) fn dependency(path: &str, build: bool, runtime: bool) -> DependencyInput {
    DependencyInput { path: path.to_owned(), build, runtime, config: None }
}

/// A mapping whose entries have the lines 1, 2, ...
pub(crate) fn mapping(entries: &[(&str, Node)]) -> Mapping {
    let mut mapping = Mapping::at(Some(position(1)));
    for (line, (name, node)) in (1..).zip(entries) {
        mapping.set(name, Node { position: Some(position(line)), ..node.clone() });
    }
    mapping
}

pub(crate) fn texts(texts: &[&str]) -> Node {
    Node::sequence(texts.iter().map(|text| Node::text(*text)).collect())
}

fn position(line: u32) -> FilePosition {
    FilePosition { file: "element.bst".into(), line, column: 3 }
}

/// Asserts the code of an error, and that its message or its hint has these parts.
pub(crate) fn check_error(error: &KindError, reason: &str, says: &[&str]) {
    let message = format!("{error}\n{}", error.hint().unwrap_or_default());
    assert_eq!(error.reason(), reason, "{message}");
    for part in says {
        assert!(message.contains(part), "'{part}' is not in: {message}");
    }
}
