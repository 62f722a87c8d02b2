//! Expands variables and texts that refer to them with `%{name}`.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;
use spec_model::{FilePosition, Mapping, Node, NodeError, NodeKind};

use crate::yaml::Limits;

/// The variables of an element or project, expanded when they are asked for.
pub(crate) struct Variables {
    unresolved: IndexMap<Arc<str>, (Arc<str>, Option<FilePosition>)>,
    resolved: RefCell<HashMap<Arc<str>, Arc<str>>>,
    /// The number of bytes that expanding has made so far.
    expanded: Cell<usize>,
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
enum TextPiece<'t> {
    Text(&'t str),
    Reference(&'t str),
}

/// A variable that is being expanded: its name, and its references that are not expanded yet.
struct OpenVariable {
    name: Arc<str>,
    references: Vec<Arc<str>>,
}

impl Variables {
    /// The variables of a composed mapping of scalars. `notparallel` sets `max-jobs` to 1.
    ///
    /// # Errors
    /// `invalid-data` when a value is no scalar.
    pub(crate) fn new(mapping: &Mapping) -> Result<Self, NodeError> {
        let mut unresolved = IndexMap::with_capacity(mapping.entries.len());
        for (name, node) in &mapping.entries {
            node.as_str()?;
            if let NodeKind::Scalar(text) = &node.kind {
                unresolved.insert(Arc::clone(name), (Arc::clone(text), node.position.clone()));
            }
        }
        if mapping.bool_or("notparallel", false)? {
            unresolved.insert("max-jobs".into(), ("1".into(), None));
        }
        Ok(Self { unresolved, resolved: RefCell::default(), expanded: Cell::new(0) })
    }

    /// All variables, expanded, in the order of the mapping.
    ///
    /// # Errors
    /// `unresolved-variable` at the text that refers to a variable that is not there, `circular-reference-variable`
    /// when variables refer to each other in a circle, `variable-too-large` beyond 1 MiB for one text or 64 MiB for all.
    pub(crate) fn all(&self) -> Result<Vec<(String, String)>, NodeError> {
        let one = |name: &Arc<str>| Ok((name.to_string(), self.value(name)?.to_string()));
        self.unresolved.keys().map(one).collect()
    }

    /// Expands every scalar below a mapping.
    ///
    /// # Errors
    /// As [`Variables::all`].
    pub(crate) fn expand(&self, mapping: &mut Mapping) -> Result<(), NodeError> {
        mapping.entries.values_mut().try_for_each(|node| self.expand_node(node))
    }

    /// Expands every scalar at or below a node.
    ///
    /// # Errors
    /// As [`Variables::all`].
    pub(crate) fn expand_node(&self, node: &mut Node) -> Result<(), NodeError> {
        match &mut node.kind {
            NodeKind::Scalar(text) => {
                if let Some(expanded) = self.substitute(text, node.position.as_ref())? {
                    *text = expanded;
                }
                Ok(())
            }
            NodeKind::Sequence(nodes) => nodes.iter_mut().try_for_each(|node| self.expand_node(node)),
            NodeKind::Mapping(mapping) => self.expand(mapping),
        }
    }

    /// The text with its references replaced; `None` when it has none.
    fn substitute(&self, text: &str, position: Option<&FilePosition>) -> Result<Option<Arc<str>>, NodeError> {
        if !text.contains("%{") {
            return Ok(None);
        }
        let references = references(text);
        for name in &references {
            self.check_known(name, position)?;
            self.value(name)?;
        }
        if references.is_empty() { Ok(None) } else { self.join(text, position).map(Some) }
    }

    /// The expanded value of an existing variable, computed without recursion.
    fn value(&self, name: &Arc<str>) -> Result<Arc<str>, NodeError> {
        let mut steps = vec![self.begin(name)];
        let mut open = HashSet::from([Arc::clone(name)]);
        while let Some(step) = steps.last_mut() {
            let Some(next) = step.references.pop() else {
                let name = Arc::clone(&step.name);
                self.finish(&name)?;
                open.remove(&name);
                steps.pop();
                continue;
            };
            if self.resolved.borrow().contains_key(&next) {
                continue;
            }
            let (_, position) = &self.unresolved[&step.name];
            self.check_known(&next, position.as_ref())?;
            if !open.insert(Arc::clone(&next)) {
                let first = steps.iter().position(|step| step.name == next);
                return Err(self.circle(&steps[first.unwrap_or_default()..]));
            }
            steps.push(self.begin(&next));
        }
        Ok(Arc::clone(&self.resolved.borrow()[name]))
    }

    fn begin(&self, name: &Arc<str>) -> OpenVariable {
        let known = self.resolved.borrow().contains_key(name);
        let references = if known { Vec::new() } else { references(&self.unresolved[name].0) };
        OpenVariable { name: Arc::clone(name), references }
    }

    /// Joins a variable whose references are all resolved.
    fn finish(&self, name: &Arc<str>) -> Result<(), NodeError> {
        let (text, position) = &self.unresolved[name];
        let value = if text.contains("%{") { self.join(text, position.as_ref())? } else { Arc::clone(text) };
        self.resolved.borrow_mut().entry(Arc::clone(name)).or_insert(value);
        Ok(())
    }

    /// Replaces references that are all resolved.
    fn join(&self, text: &str, position: Option<&FilePosition>) -> Result<Arc<str>, NodeError> {
        let resolved = self.resolved.borrow();
        let mut joined = String::with_capacity(text.len() * 2);
        for piece in pieces(text) {
            joined.push_str(match piece {
                TextPiece::Text(text) => text,
                TextPiece::Reference(name) => &resolved[name],
            });
            if joined.len() > Limits::EXPANDED {
                let what =
                    format!("with its variables expanded this is longer than {} bytes", Limits::EXPANDED);
                return Err(too_large(position, what));
            }
        }
        // Many short texts that expand to long ones could fill the memory together.
        self.expanded.set(self.expanded.get() + joined.len());
        if self.expanded.get() > Limits::EXPANDED_TOGETHER {
            let most = Limits::EXPANDED_TOGETHER;
            let what = format!("expanding variables made more than {most} bytes up to here");
            return Err(too_large(position, what));
        }
        Ok(joined.into())
    }

    fn check_known(&self, name: &str, position: Option<&FilePosition>) -> Result<(), NodeError> {
        if self.unresolved.contains_key(name) {
            return Ok(());
        }
        let known: Vec<&str> = self.unresolved.keys().map(AsRef::as_ref).collect();
        let hint = match spec_model::nearest(name, &known) {
            Some(near) => format!("did you mean '%{{{near}}}'?"),
            None => "define it under 'variables'".to_owned(),
        };
        let message = format!("the variable '{name}' is not defined");
        Err(NodeError::new("unresolved-variable", position, message).with_hint(hint))
    }

    fn circle(&self, steps: &[OpenVariable]) -> NodeError {
        let mut names: Vec<&str> = steps.iter().map(|step| step.name.as_ref()).collect();
        names.push(names[0]);
        let position = steps.last().and_then(|step| self.unresolved[&step.name].1.as_ref());
        let message = format!("variables refer to each other in a circle: {}", names.join(" -> "));
        NodeError::new("circular-reference-variable", position, message)
    }
}

fn too_large(position: Option<&FilePosition>, what: String) -> NodeError {
    NodeError::new("variable-too-large", position, what).with_hint("make the values shorter")
}

/// The names that a text refers to, last first, so that they are popped in order.
fn references(text: &str) -> Vec<Arc<str>> {
    let reference = |piece| match piece {
        TextPiece::Reference(name) => Some(name.into()),
        TextPiece::Text(_) => None,
    };
    let mut names: Vec<Arc<str>> = pieces(text).filter_map(reference).collect();
    names.reverse();
    names
}

/// Cuts a text at its references. `%{` without a name (a letter, then letters, digits, `_`, `-`) and `}` is text.
fn pieces(text: &str) -> impl Iterator<Item = TextPiece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(name) = reference_at(rest) {
            rest = &rest[name.len() + 3..];
            return Some(TextPiece::Reference(name));
        }
        let next = rest.match_indices("%{").map(|(at, _)| at).find(|at| reference_at(&rest[*at..]).is_some());
        let (piece, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        Some(TextPiece::Text(piece))
    })
}

/// The name of the reference that a text begins with.
fn reference_at(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("%{")?;
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
    let good = inner.starts_with(|c: char| c.is_ascii_alphabetic()) && inner[end..].starts_with('}');
    good.then_some(&inner[..end])
}

#[cfg(test)]
mod tests;
