//! The lists of dependencies of an element, in all their forms.

use std::sync::Arc;

use spec_model::{Mapping, Node, NodeError, NodeKind};

use crate::LoadError;
use crate::loaded_element::DeclaredDependency;

const INVALID: &str = "invalid-data";

/// Takes the dependencies out of an element's mapping. One that is declared several times is merged.
///
/// # Errors
/// `invalid-data` where a declaration is malformed.
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
    let one = |name: &Arc<str>| DeclaredDependency {
        name: Arc::clone(name),
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
            let with = |name: Arc<str>| DeclaredDependency {
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

/// The names of an entry: the junctions stand before the file name, or in a key of their own.
fn names(mapping: &Mapping) -> Result<Vec<Arc<str>>, LoadError> {
    // A key without a value is as none, as for BuildStream.
    let junction = mapping.opt_str("junction")?.filter(|junction| !junction.is_empty());
    let whole = |node: &Node| {
        let name = node.as_str()?;
        match junction {
            None => node.shared_str(),
            Some(_) if name.contains(':') => {
                let message =
                    format!("'{name}' has a junction, and another one stands in the key 'junction'");
                let error = NodeError::new(INVALID, node.position.as_ref(), message);
                Err(error.with_hint("write all of them into one of the two places"))
            }
            Some(junction) => Ok(format!("{junction}:{name}").into()),
        }
    };
    let filename = mapping.require("filename")?;
    match &filename.kind {
        NodeKind::Scalar(_) => Ok(vec![whole(filename)?]),
        NodeKind::Sequence(names) => Ok(names.iter().map(whole).collect::<Result<_, _>>()?),
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
