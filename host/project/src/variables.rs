//! Expands variables and texts that refer to them with `%{name}`.

mod text_pool;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use spec_model::{FilePosition, Mapping, Node, NodeError, NodeKind};

pub(crate) use text_pool::TextPool;

use crate::yaml::Limits;

/// An expanded variable: its name and its value.
pub(crate) type Variable = (Arc<str>, Arc<str>);

/// The variables of an element or project, expanded when they are asked for.
pub(crate) struct Variables {
    /// As they are written: texts alone.
    unresolved: IndexMap<Arc<str>, Node>,
    /// The values of those that are expanded, by the same indices.
    resolved: RefCell<Vec<Option<Arc<str>>>>,
    /// Where equal texts are shared with other elements.
    pool: Rc<TextPool>,
    /// The number of bytes that expanding has made so far.
    expanded: Cell<usize>,
}

/// What a reference begins with.
const BEGIN: &str = "%{";

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
enum TextPiece<'t> {
    Text(&'t str),
    Reference(&'t str),
}

/// A variable that is being expanded: its index, and its references that are not expanded yet.
struct OpenVariable<'v> {
    index: usize,
    references: Vec<&'v str>,
}

impl Variables {
    /// The variables of a composed mapping of scalars. `notparallel` sets `max-jobs` to 1.
    ///
    /// # Errors
    /// `invalid-data` when a value is no scalar.
    pub(crate) fn new(mut mapping: Mapping, pool: &Rc<TextPool>) -> Result<Self, NodeError> {
        if mapping.bool_or("notparallel", false)? {
            mapping.set("max-jobs", Node::text("1"));
        }
        let plain = |node: &Node| {
            node.as_str()?;
            Ok(match &node.kind {
                NodeKind::Scalar(text) if !text.contains(BEGIN) => Some(Arc::clone(text)),
                _ => None,
            })
        };
        let resolved = mapping.entries.values().map(plain).collect::<Result<_, NodeError>>()?;
        Ok(Self {
            unresolved: mapping.entries,
            resolved: RefCell::new(resolved),
            pool: Rc::clone(pool),
            expanded: Cell::new(0),
        })
    }

    /// All variables, expanded, in the order of the mapping.
    ///
    /// # Errors
    /// `unresolved-variable` at the text that refers to a variable that is not there, `circular-reference-variable`
    /// when variables refer to each other in a circle, `variable-too-large` beyond 1 MiB for one text or 64 MiB for all.
    pub(crate) fn all(&self) -> Result<Vec<Variable>, NodeError> {
        let one = |(index, name): (usize, &Arc<str>)| Ok((Arc::clone(name), self.value(index)?));
        self.unresolved.keys().enumerate().map(one).collect()
    }

    /// As [`Variables::all`], without those that cannot be expanded: junctions have their project's variables without those that
    /// its subprojects give it.
    pub(crate) fn resolvable(&self) -> Vec<Variable> {
        let one = |(index, name): (usize, &Arc<str>)| Some((Arc::clone(name), self.value(index).ok()?));
        self.unresolved.keys().enumerate().filter_map(one).collect()
    }

    /// The value of a variable; `None` when it is not there or cannot be expanded.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<str>> {
        self.value(self.unresolved.get_index_of(name)?).ok()
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
            NodeKind::Sequence(nodes) => match nodes.iter().any(has_reference) {
                true => Arc::make_mut(nodes).iter_mut().try_for_each(|node| self.expand_node(node)),
                false => Ok(()),
            },
            NodeKind::Mapping(mapping) => match mapping.entries.values().any(has_reference) {
                true => self.expand(Arc::make_mut(mapping)),
                false => Ok(()),
            },
        }
    }

    /// The text with its references replaced; `None` when it has none.
    fn substitute(&self, text: &str, position: Option<&FilePosition>) -> Result<Option<Arc<str>>, NodeError> {
        if !text.contains(BEGIN) {
            return Ok(None);
        }
        let mut has_any = false;
        for name in references(text) {
            has_any = true;
            self.value(self.index(name, position)?)?;
        }
        if has_any { self.join(text, position).map(Some) } else { Ok(None) }
    }

    /// The expanded value of the variable with this index, computed without recursion.
    fn value(&self, index: usize) -> Result<Arc<str>, NodeError> {
        if let Some(known) = &self.resolved.borrow()[index] {
            return Ok(Arc::clone(known));
        }
        let mut steps = vec![self.begin(index)];
        let mut is_open = vec![false; self.unresolved.len()];
        is_open[index] = true;
        while let Some(step) = steps.last_mut() {
            let (text, position) = self.text(step.index);
            let Some(next) = step.references.pop() else {
                let value = self.join(text, position)?;
                self.resolved.borrow_mut()[step.index] = Some(value);
                is_open[step.index] = false;
                steps.pop();
                continue;
            };
            let next = self.index(next, position)?;
            if self.resolved.borrow()[next].is_some() {
                continue;
            }
            if std::mem::replace(&mut is_open[next], true) {
                let first = steps.iter().position(|step| step.index == next);
                return Err(self.circle(&steps[first.unwrap_or_default()..]));
            }
            steps.push(self.begin(next));
        }
        Ok(self.resolved.borrow()[index].clone().unwrap_or_default())
    }

    fn begin(&self, index: usize) -> OpenVariable<'_> {
        let mut references: Vec<&str> = references(self.text(index).0).collect();
        references.reverse();
        OpenVariable { index, references }
    }

    /// A variable as it is written.
    fn text(&self, index: usize) -> (&str, Option<&FilePosition>) {
        let node = &self.unresolved[index];
        let text = match &node.kind {
            NodeKind::Scalar(text) => text,
            _ => "",
        };
        (text, node.position.as_ref())
    }

    /// Replaces references that are all resolved.
    fn join(&self, text: &str, position: Option<&FilePosition>) -> Result<Arc<str>, NodeError> {
        let resolved = self.resolved.borrow();
        let mut joined = String::with_capacity(text.len() * 2);
        for piece in pieces(text) {
            joined.push_str(match piece {
                TextPiece::Text(text) => text,
                TextPiece::Reference(name) => {
                    let index = self.unresolved.get_index_of(name);
                    index.and_then(|index| resolved[index].as_deref()).unwrap_or_default()
                }
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
        Ok(self.pool.shared(&joined))
    }

    /// The index of a variable that a text at `position` refers to.
    fn index(&self, name: &str, position: Option<&FilePosition>) -> Result<usize, NodeError> {
        if let Some(index) = self.unresolved.get_index_of(name) {
            return Ok(index);
        }
        let known: Vec<&str> = self.unresolved.keys().map(AsRef::as_ref).collect();
        let hint = match spec_model::nearest(name, &known) {
            Some(near) => format!("did you mean '%{{{near}}}'?"),
            None => "define it under 'variables'".to_owned(),
        };
        let message = format!("the variable '{name}' is not defined");
        Err(NodeError::new("unresolved-variable", position, message).with_hint(hint))
    }

    fn circle(&self, steps: &[OpenVariable<'_>]) -> NodeError {
        let name = |step: &OpenVariable<'_>| self.unresolved.get_index(step.index).map(|(name, _)| &**name);
        let mut names: Vec<&str> = steps.iter().filter_map(name).collect();
        names.push(names[0]);
        let position = steps.last().and_then(|step| self.text(step.index).1);
        let message = format!("variables refer to each other in a circle: {}", names.join(" -> "));
        NodeError::new("circular-reference-variable", position, message)
    }
}

fn too_large(position: Option<&FilePosition>, what: String) -> NodeError {
    NodeError::new("variable-too-large", position, what).with_hint("make the values shorter")
}

/// The variables that texts below a mapping refer to, each once.
pub(crate) fn names_below(mapping: &Mapping) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    mapping.entries.values().for_each(|node| add_names(node, &mut names));
    names.sort_unstable();
    names.dedup();
    names
}

fn add_names(node: &Node, names: &mut Vec<Arc<str>>) {
    match &node.kind {
        NodeKind::Scalar(text) => names.extend(references(text).map(Arc::from)),
        NodeKind::Sequence(nodes) => nodes.iter().for_each(|node| add_names(node, names)),
        NodeKind::Mapping(mapping) => mapping.entries.values().for_each(|node| add_names(node, names)),
    }
}

/// Whether a text at or below a node may refer to a variable. What does not is not copied.
fn has_reference(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Scalar(text) => text.contains(BEGIN),
        NodeKind::Sequence(nodes) => nodes.iter().any(has_reference),
        NodeKind::Mapping(mapping) => mapping.entries.values().any(has_reference),
    }
}

/// The names that a text refers to.
fn references(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        TextPiece::Reference(name) => Some(name),
        TextPiece::Text(_) => None,
    })
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
