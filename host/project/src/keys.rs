//! Cache keys, byte for byte those of BuildStream 2.8.

use std::collections::BTreeMap;

use spec_model::{Key, KeyPair, SourceKey, Value};

use crate::{Element, Project};

/// BuildStream's `BST_CORE_ARTIFACT_VERSION`: raised when equal keys begin to mean other artifacts.
const CORE_ARTIFACT_VERSION: i64 = 11;

/// The keys of all elements of a project, by index. `sources` returns the keys of an element's sources, or `None`
/// when one has no ref yet: such an element has no keys, and neither do the elements that need it at build time.
pub fn compute_keys(
    project: &Project,
    sources: &dyn Fn(usize) -> Option<Vec<SourceKey>>,
) -> Vec<Option<KeyPair>> {
    let mut keys: Vec<Option<KeyPair>> = Vec::with_capacity(project.elements.len());
    for index in 0..project.elements.len() {
        let pair = sources(index).and_then(|sources| key_pair(project, index, &sources, &keys));
        keys.push(pair);
    }
    keys
}

fn key_pair(
    project: &Project,
    index: usize,
    sources: &[SourceKey],
    keys: &[Option<KeyPair>],
) -> Option<KeyPair> {
    let element = &project.elements[index];
    let scope = project.build_scope(index);
    let pairs: Vec<(usize, KeyPair)> =
        scope.iter().map(|dependency| Some((*dependency, keys[*dependency]?))).collect::<Option<_>>()?;
    let mut dictionary = dictionary(project, element, sources);
    let weak = pairs.iter().map(|(dependency, pair)| {
        let key = is_strict(element, *dependency).then_some(pair.weak);
        dependency_value(&project.elements[*dependency], key)
    });
    dictionary.insert("dependencies".to_owned(), Value::Seq(weak.collect()));
    let weak = Value::Map(dictionary.clone()).key();
    let strong = pairs.iter().map(|(dependency, pair)| (*dependency, pair.strict));
    Some(KeyPair { strict: strong_of(project, dictionary, strong, weak).key(), weak })
}

/// The description whose hash is the strong key of an element that is built on artifacts with the given strong keys;
/// in non-strict mode these are the cached ones. `dependencies` follow [`Project::build_scope`].
pub fn strong_description(
    project: &Project,
    element: usize,
    sources: &[SourceKey],
    dependencies: &[(usize, Key)],
    weak: Key,
) -> Value {
    let dictionary = dictionary(project, &project.elements[element], sources);
    strong_of(project, dictionary, dependencies.iter().copied(), weak)
}

fn strong_of(
    project: &Project,
    mut dictionary: BTreeMap<String, Value>,
    dependencies: impl Iterator<Item = (usize, Key)>,
    weak: Key,
) -> Value {
    let list = dependencies.map(|(element, key)| dependency_value(&project.elements[element], Some(key)));
    dictionary.insert("dependencies".to_owned(), Value::Seq(list.collect()));
    dictionary.insert("weak-cache-key".to_owned(), weak.to_string().into());
    Value::Map(dictionary)
}

/// The part of an element's key descriptions that does not depend on its dependencies.
fn dictionary(project: &Project, element: &Element, sources: &[SourceKey]) -> BTreeMap<String, Value> {
    let mut fatal_warnings = project.config_of(element).fatal_warnings.clone();
    fatal_warnings.sort_unstable();
    let build_root = element.variable("build-root").map_or(Value::Null, Value::from);
    let kind = &element.kind_description;
    let mut entries = vec![
        ("core-artifact-version", Value::Int(CORE_ARTIFACT_VERSION)),
        ("element-base-key", Value::map([("build-root", build_root)])),
        ("element-plugin-key", element.configured.unique_key.clone()),
        ("element-plugin-name", element.kind.as_str().into()),
        ("element-plugin-version", Value::Int(kind.artifact_version.into())),
        ("public", element.public.to_value()),
        ("sources", SourceKey::list(sources)),
        ("fatal-warnings", Value::seq(fatal_warnings)),
    ];
    if element.runs_commands() {
        let environment = element.cached_environment().map(|(name, node)| (name, node.to_value()));
        entries.push(("environment", Value::map(environment)));
        entries.push(("sandbox", element.sandbox.to_value()));
    }
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn dependency_value(dependency: &Element, key: Option<Key>) -> Value {
    let name = [dependency.project.clone(), dependency.name.path().to_owned()];
    Value::seq(name.into_iter().chain(key.map(|key| key.to_string())))
}

/// Whether a change of a build dependency rebuilds the element in non-strict mode too.
fn is_strict(element: &Element, dependency: usize) -> bool {
    let direct = || element.dependencies.iter().any(|d| d.element == dependency && d.strict);
    element.kind_description.strict_rebuild || direct()
}
