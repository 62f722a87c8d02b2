//! The lists of dependencies of an element, in all their forms.

use spec_model::{FilePosition, Mapping, Node, NodeError, NodeKind};

use crate::LoadError;

const INVALID: &str = "invalid-data";

/// A dependency as an element declares it.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredDependency {
    /// The name, as it is written.
    pub(crate) name: String,
    /// Whether it is staged at build time.
    pub(crate) build: bool,
    /// Whether it is needed at run time.
    pub(crate) runtime: bool,
    /// Whether a change of it rebuilds in non-strict mode too.
    pub(crate) strict: bool,
    /// The configurations it is declared with.
    pub(crate) configs: Vec<Mapping>,
    /// Where it is declared.
    pub(crate) position: Option<FilePosition>,
}

impl DeclaredDependency {
    /// Merges another declaration of the same dependency into this one.
    pub(super) fn merge(&mut self, other: Self) {
        self.build |= other.build;
        self.runtime |= other.runtime;
        self.strict |= other.strict;
        self.configs.extend(other.configs);
    }
}

/// Takes the dependencies out of an element's mapping. One that is declared several times is merged.
///
/// # Errors
/// `invalid-data` or `unknown-key` where a declaration is malformed, `junctions-not-supported` where it has a
/// `junction`.
pub(super) fn take_dependencies(node: &mut Mapping) -> Result<Vec<DeclaredDependency>, LoadError> {
    let mut all: Vec<DeclaredDependency> = Vec::new();
    for (list, fixed) in
        [("build-depends", Some((true, false))), ("runtime-depends", Some((false, true))), ("depends", None)]
    {
        let Some(entries) = node.remove(list) else { continue };
        for entry in entries.as_sequence()? {
            for declared in entry_dependencies(entry, fixed)? {
                match all.iter_mut().find(|known| known.name == declared.name) {
                    Some(known) => known.merge(declared),
                    None => all.push(declared),
                }
            }
        }
    }
    Ok(all)
}

/// The dependencies of one entry of a list, which may determine their type.
fn entry_dependencies(
    entry: &Node,
    fixed: Option<(bool, bool)>,
) -> Result<Vec<DeclaredDependency>, LoadError> {
    let (build, runtime) = fixed.unwrap_or((true, true));
    let position = entry.position.clone();
    let one = |name: &str| DeclaredDependency {
        name: name.to_owned(),
        build,
        runtime,
        strict: false,
        configs: Vec::new(),
        position: position.clone(),
    };
    match &entry.kind {
        NodeKind::Scalar(name) => Ok(vec![one(name)]),
        NodeKind::Mapping(mapping) => {
            let named = names(mapping)?;
            let (build, runtime) = fixed.map_or_else(|| dependency_type(mapping), Ok)?;
            let keys: &[&str] = &["filename", "junction", "strict", "config", "type"];
            mapping.validate_keys(&keys[..if fixed.is_some() { 4 } else { 5 }])?;
            let strict = strict(mapping, build)?;
            let configs = config(mapping, build)?;
            let with = |name: String| DeclaredDependency {
                build,
                runtime,
                strict,
                configs: configs.clone(),
                ..one(&name)
            };
            Ok(named.into_iter().map(with).collect())
        }
        NodeKind::Sequence(_) => Err(entry.expected("the name of an element or a dictionary").into()),
    }
}

fn names(mapping: &Mapping) -> Result<Vec<String>, LoadError> {
    if let Some(junction) = mapping.get("junction") {
        return Err(super::junction(junction.as_str()?, junction.position.as_ref()));
    }
    let filename = mapping.require("filename")?;
    match &filename.kind {
        NodeKind::Scalar(name) => Ok(vec![name.to_string()]),
        NodeKind::Sequence(_) => Ok(filename.as_str_list()?),
        NodeKind::Mapping(_) => Err(filename.expected("the name of an element or a list of names").into()),
    }
}

fn dependency_type(mapping: &Mapping) -> Result<(bool, bool), NodeError> {
    let Some(node) = mapping.get("type") else {
        return Ok((true, true));
    };
    match node.as_str()? {
        "all" => Ok((true, true)),
        "build" => Ok((true, false)),
        "runtime" => Ok((false, true)),
        _ => Err(node.expected("a dependency type (build, runtime or all)")),
    }
}

fn strict(mapping: &Mapping, build: bool) -> Result<bool, NodeError> {
    let Some(node) = mapping.get("strict") else {
        return Ok(false);
    };
    let error = |problem| NodeError::new(INVALID, node.position.as_ref(), problem);
    match node.as_bool()? {
        false => Err(error("'strict' can only be true").with_hint("leave it out")),
        true if !build => Err(error("only a build dependency can be strict")),
        true => Ok(true),
    }
}

fn config(mapping: &Mapping, build: bool) -> Result<Vec<Mapping>, NodeError> {
    let Some(config) = mapping.opt_mapping("config")? else {
        return Ok(Vec::new());
    };
    if !build {
        let message = "a dependency at run time only cannot have a 'config'";
        return Err(NodeError::new(INVALID, config.position.as_ref(), message));
    }
    Ok(vec![config.clone()])
}
