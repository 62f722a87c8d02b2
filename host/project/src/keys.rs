//! Cache keys, byte for byte those of BuildStream 2.8.

use std::borrow::Cow;
use std::collections::BTreeMap;

use spec_model::{Key, KeyPair, SourceKey, Value};

use crate::{Element, Project};

/// BuildStream's `BST_CORE_ARTIFACT_VERSION`: raised when equal keys begin to mean other artifacts.
const CORE_ARTIFACT_VERSION: i64 = 11;

/// The name of the list of dependencies in a description.
const DEPENDENCIES: &str = "dependencies";
/// The name of the weak key in the description of a strong one. It is the last one.
const WEAK_KEY: &str = "weak-cache-key";

/// An element as the descriptions of others name it: parts of canonical texts, which are made once.
struct ElementText {
    /// Without a key.
    named: String,
    /// With its strict key.
    strict: String,
}

/// The keys of all elements of a project, by index. `sources` returns the keys of an element's sources, or `None`
/// when one has no ref yet: such an element has no keys, and neither do the elements that need it at build time.
pub fn compute_keys<'s>(
    project: &Project,
    sources: &dyn Fn(usize) -> Option<Cow<'s, [SourceKey]>>,
) -> Vec<Option<KeyPair>> {
    let mut keys: Vec<Option<(KeyPair, ElementText)>> = Vec::with_capacity(project.elements.len());
    for (index, element) in project.elements.iter().enumerate() {
        let pair = sources(index).and_then(|sources| key_pair(project, index, &sources, &keys));
        keys.push(pair.map(|pair| (pair, ElementText::new(element, pair.strict))));
    }
    keys.into_iter().map(|key| key.map(|(pair, _)| pair)).collect()
}

impl ElementText {
    fn new(element: &Element, strict: Key) -> Self {
        let text = |key| dependency_value(element, key).canonical();
        Self { named: text(None), strict: text(Some(strict)) }
    }
}

fn key_pair(
    project: &Project,
    index: usize,
    sources: &[SourceKey],
    keys: &[Option<(KeyPair, ElementText)>],
) -> Option<KeyPair> {
    let element = &project.elements[index];
    let scope = project.build_scope(index);
    let below: Vec<(usize, &(KeyPair, ElementText))> = scope
        .iter()
        .map(|dependency| Some((*dependency, keys[*dependency].as_ref()?)))
        .collect::<Option<_>>()?;
    let dictionary = dictionary(project, element, sources);
    let weak = below.iter().map(|(dependency, (pair, text))| match is_strict(element, *dependency) {
        true => dependency_value(&project.elements[*dependency], Some(pair.weak)).canonical().into(),
        false => Cow::from(&text.named),
    });
    let (mut before, mut after) = (String::new(), String::with_capacity(8192));
    for (name, value) in &dictionary {
        match name.as_str() < DEPENDENCIES {
            true => before += &format!("\"{name}\":{},", value.canonical()),
            false => after += &format!(",\"{name}\":{}", value.canonical()),
        }
    }
    let text = |list: String, rest: &str| format!("{{{before}\"{DEPENDENCIES}\":[{list}]{after}{rest}}}");
    let weak = Key::of(text(joined(weak), "").as_bytes());
    let strict = joined(below.iter().map(|(_, (_, text))| Cow::from(&text.strict)));
    let strict = Key::of(text(strict, &format!(",\"{WEAK_KEY}\":\"{weak}\"")).as_bytes());
    Some(KeyPair { strict, weak })
}

fn joined<'t>(texts: impl Iterator<Item = Cow<'t, str>>) -> String {
    let mut list = String::with_capacity(4096);
    for text in texts {
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(&text);
    }
    list
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
    let mut dictionary = dictionary(project, &project.elements[element], sources);
    let list = dependencies
        .iter()
        .map(|(dependency, key)| dependency_value(&project.elements[*dependency], Some(*key)));
    dictionary.insert(DEPENDENCIES.to_owned(), Value::Seq(list.collect()));
    dictionary.insert(WEAK_KEY.to_owned(), weak.to_string().into());
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
