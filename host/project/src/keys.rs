//! Cache keys, byte for byte those of BuildStream 2.8.

use std::borrow::Cow;

use spec_model::{Key, KeyHasher, KeyPair, Value};

use crate::after_dependencies::{Results, map_after_dependencies};
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
    named: Box<str>,
    /// With its strict key.
    strict: Box<str>,
}

/// The keys of all elements of a project, by index. `sources` returns the canonical text of what an element's sources contribute
/// ([`SourceKey::canonical_list`](spec_model::SourceKey::canonical_list)), or `None` when one has no ref yet: such an element has no keys, and neither
/// do the elements that need it at build time.
///
/// # Errors
/// Of those of `sources`, that of the first element.
pub fn compute_keys<E: Send>(
    project: &Project,
    sources: &(dyn Fn(usize) -> Result<Option<String>, E> + Sync),
) -> Result<Vec<Option<KeyPair>>, E> {
    let elements = &project.elements;
    let below = |element: &Element| element.dependencies.iter().map(|below| below.element).collect();
    let dependencies: Vec<Vec<usize>> = elements.iter().map(below).collect();
    let keys = map_after_dependencies((0..elements.len()).collect(), &dependencies, |index, keys| {
        let pair = sources(index)?.and_then(|sources| key_pair(project, index, &sources, keys));
        Ok(pair.map(|pair| (pair, ElementText::new(&elements[index], pair.strict))))
    })?;
    Ok(keys.into_iter().map(|key| key.map(|(pair, _)| pair)).collect())
}

impl ElementText {
    fn new(element: &Element, strict: Key) -> Self {
        let text = |key| dependency_value(element, key).canonical().into_boxed_str();
        Self { named: text(None), strict: text(Some(strict)) }
    }
}

fn key_pair(
    project: &Project,
    index: usize,
    sources: &str,
    keys: &Results<Option<(KeyPair, ElementText)>>,
) -> Option<KeyPair> {
    let element = &project.elements[index];
    let scope = project.build_scope(index);
    let below: Vec<(usize, &(KeyPair, ElementText))> = scope
        .iter()
        .map(|dependency| Some((*dependency, keys.get(*dependency)?.as_ref()?)))
        .collect::<Option<_>>()?;
    let description = OwnDescription::new(project, element, sources);
    let weak = below.iter().map(|(dependency, (pair, text))| match is_strict(element, *dependency) {
        true => dependency_value(&project.elements[*dependency], Some(pair.weak)).canonical().into(),
        false => Cow::from(&*text.named),
    });
    let weak = description.key(weak, None);
    let strict = description.key(below.iter().map(|(_, (_, text))| Cow::from(&*text.strict)), Some(weak));
    Some(KeyPair { strict, weak })
}

/// The canonical text of the description whose hash is the strong key of an element that is built on artifacts with the given
/// strong keys; in non-strict mode these are the cached ones. `sources` is the canonical text of what its sources contribute,
/// `dependencies` follow [`Project::build_scope`].
pub fn strong_description(
    project: &Project,
    element: usize,
    sources: &str,
    dependencies: &[(usize, Key)],
    weak: Key,
) -> String {
    let text = |(dependency, key): &(usize, Key)| {
        Cow::from(dependency_value(&project.elements[*dependency], Some(*key)).canonical())
    };
    let mut description = String::new();
    let own = OwnDescription::new(project, &project.elements[element], sources);
    own.write(dependencies.iter().map(text), Some(weak), &mut |piece| description.push_str(piece));
    description
}

/// What of the description of an element's keys does not depend on its dependencies: the parts of the canonical text before
/// and after these.
struct OwnDescription {
    before: String,
    after: String,
}

impl OwnDescription {
    fn new(project: &Project, element: &Element, sources: &str) -> Self {
        let mut fatal_warnings = project.config_of(element).fatal_warnings.clone();
        fatal_warnings.sort_unstable();
        let build_root = element.variable("build-root").map_or(Value::Null, |folder| Value::from(&*folder));
        let kind = &element.kind_description;
        let before = format!("{{\"core-artifact-version\":{CORE_ARTIFACT_VERSION},");
        // In the order of the canonical text.
        let mut after = String::with_capacity(8192);
        let mut add = |name: &str, write: &dyn Fn(&mut String)| {
            after += &format!(",\"{name}\":");
            write(&mut after);
        };
        add("element-base-key", &|out| Value::map([("build-root", build_root.clone())]).write_canonical(out));
        add("element-plugin-key", &|out| out.push_str(&element.configured.key_text()));
        add("element-plugin-name", &|out| Value::from(&*element.kind).write_canonical(out));
        add("element-plugin-version", &|out| Value::Int(kind.artifact_version.into()).write_canonical(out));
        if element.runs_commands() {
            add("environment", &|out| element.write_cached_environment(out));
        }
        add("fatal-warnings", &|out| Value::seq(fatal_warnings.clone()).write_canonical(out));
        add("public", &|out| element.public.write_canonical(out));
        if element.runs_commands() {
            add("sandbox", &|out| element.sandbox.to_value().write_canonical(out));
        }
        add("sources", &|out| out.push_str(sources));
        Self { before, after }
    }

    /// The key of the whole text. With many dependencies the text is large, so it is not made.
    fn key<'t>(&self, dependencies: impl Iterator<Item = Cow<'t, str>>, weak: Option<Key>) -> Key {
        let mut hasher = KeyHasher::default();
        self.write(dependencies, weak, &mut |piece| hasher.update(piece.as_bytes()));
        hasher.key()
    }

    /// Writes the whole text, with the texts of the dependencies, in pieces.
    fn write<'t>(
        &self,
        dependencies: impl Iterator<Item = Cow<'t, str>>,
        weak: Option<Key>,
        out: &mut dyn FnMut(&str),
    ) {
        out(&self.before);
        out(&format!("\"{DEPENDENCIES}\":["));
        for (index, text) in dependencies.enumerate() {
            if index > 0 {
                out(",");
            }
            out(&text);
        }
        out("]");
        out(&self.after);
        if let Some(weak) = weak {
            out(&format!(",\"{WEAK_KEY}\":\"{weak}\""));
        }
        out("}");
    }
}

fn dependency_value(dependency: &Element, key: Option<Key>) -> Value {
    let name = [dependency.project.to_string(), dependency.name.path().to_owned()];
    Value::seq(name.into_iter().chain(key.map(|key| key.to_string())))
}

/// Whether a change of a build dependency rebuilds the element in non-strict mode too.
fn is_strict(element: &Element, dependency: usize) -> bool {
    let direct = || element.dependencies.iter().any(|d| d.element == dependency && d.strict);
    element.kind_description.strict_rebuild || direct()
}
