//! Expands variables and texts that refer to them with `%{name}`.

mod base;
mod references;
mod written;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use spec_model::{FilePosition, Mapping, Node, NodeError, NodeKind};

pub(crate) use base::BaseVariables;
pub use written::WrittenVariables;

use crate::yaml::Limits;
use references::{BEGIN, TextPiece, pieces, references};

/// An expanded variable: its name and its value.
pub(crate) type Variable = (Arc<str>, Arc<str>);

/// Whether commands run one at a time, which is to say that `max-jobs` is 1.
const NOT_PARALLEL: &str = "notparallel";
const MAX_JOBS: &str = "max-jobs";

/// The variables of an element or project, expanded when they are asked for.
pub(crate) struct Variables {
    /// Those of the project and the kind, which elements share.
    base: Arc<BaseVariables>,
    /// What stands for some of these, by their indices.
    replaced: HashMap<usize, Node>,
    /// Those that are not in the base; their indices follow.
    added: IndexMap<Arc<str>, Node>,
    /// The values of those that are expanded, by index.
    resolved: RefCell<Vec<Option<Arc<str>>>>,
    /// The number of bytes that expanding has made so far.
    expanded: Cell<usize>,
}

/// A variable that is being expanded: its index, and its references that are not expanded yet.
struct OpenVariable<'v> {
    index: usize,
    references: Vec<&'v str>,
}

/// Why a variable has no value.
enum Unexpandable<'v> {
    /// A text at `position` refers to a variable that is not there.
    Undefined {
        name: &'v str,
        position: Option<&'v FilePosition>,
    },
    /// Variables refer to each other.
    Circle(Vec<OpenVariable<'v>>),
    TooLarge(NodeError),
}

impl Variables {
    /// The variables of a composed mapping of scalars. `notparallel` sets `max-jobs` to 1.
    ///
    /// # Errors
    /// `invalid-data` when a value is no scalar.
    pub(crate) fn new(mapping: Mapping) -> Result<Self, NodeError> {
        Self::over(&Arc::new(BaseVariables::written(mapping)?), Vec::new())
    }

    /// The variables of an element: scalars over those of its project and kind.
    ///
    /// # Errors
    /// `invalid-data` when `notparallel` is no boolean.
    pub(crate) fn over(base: &Arc<BaseVariables>, own: Vec<(Arc<str>, Node)>) -> Result<Self, NodeError> {
        let mut variables = Self::alone(base);
        own.into_iter().for_each(|(name, node)| variables.set(name, node));
        let not_parallel = variables.index_of(NOT_PARALLEL).map(|index| variables.node(index).as_bool());
        if not_parallel.transpose()? == Some(true) {
            variables.set(MAX_JOBS.into(), Node::text("1"));
        }
        Ok(variables)
    }

    /// The variables of a project and kind.
    fn alone(base: &Arc<BaseVariables>) -> Self {
        Self {
            base: Arc::clone(base),
            replaced: HashMap::new(),
            added: IndexMap::new(),
            resolved: RefCell::new(base.values.clone()),
            expanded: Cell::new(base.expanded),
        }
    }

    /// Sets a variable. The values of those that refer to it are to be found again.
    fn set(&mut self, name: Arc<str>, node: Node) {
        let resolved = self.resolved.get_mut();
        let value = base::plain(&node);
        match self.base.entries.get_index_of(&name) {
            Some(index) => {
                resolved[index] = value;
                self.replaced.insert(index, node);
            }
            None => match self.added.insert_full(Arc::clone(&name), node) {
                (added, Some(_)) => resolved[self.base.entries.len() + added] = value,
                (_, None) => resolved.push(value),
            },
        }
        let mut changed = vec![name];
        while let Some(name) = changed.pop() {
            for user in self.base.users(&name) {
                if !self.replaced.contains_key(user) && resolved[*user].take().is_some() {
                    changed.extend(self.base.entries.get_index(*user).map(|(name, _)| Arc::clone(name)));
                }
            }
        }
    }

    /// The values of all variables, in the order in which they are first defined.
    ///
    /// # Errors
    /// `unresolved-variable` at the text that refers to a variable that is not there, `circular-reference-variable`
    /// when variables refer to each other in a circle, `variable-too-large` beyond 1 MiB for one text or 64 MiB for all.
    pub(crate) fn values(&self) -> Result<Vec<Variable>, NodeError> {
        let one = |(index, name): (usize, &Arc<str>)| Ok((Arc::clone(name), self.value(index)?));
        self.names().enumerate().map(one).collect()
    }

    /// As [`Variables::values`], without those that cannot be expanded: junctions have their project's variables without those
    /// that its subprojects give it.
    pub(crate) fn resolvable(&self) -> Vec<Variable> {
        let one = |(index, name): (usize, &Arc<str>)| Some((Arc::clone(name), self.try_value(index).ok()?));
        self.names().enumerate().filter_map(one).collect()
    }

    /// The variables without their values.
    pub(crate) fn written(&self) -> WrittenVariables {
        WrittenVariables::new(self)
    }

    /// The value of a variable; `None` when it is not there or cannot be expanded.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<str>> {
        self.try_value(self.index_of(name)?).ok()
    }

    /// Expands every scalar below a mapping.
    ///
    /// # Errors
    /// As [`Variables::values`].
    pub(crate) fn expand(&self, mapping: &mut Mapping) -> Result<(), NodeError> {
        mapping.entries.values_mut().try_for_each(|node| self.expand_node(node))
    }

    /// Expands every scalar at or below a node.
    ///
    /// # Errors
    /// As [`Variables::values`].
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
            NodeKind::Mapping(mapping) => {
                let refers = mapping.entries.values().any(has_reference);
                if refers { self.expand(Arc::make_mut(mapping)) } else { Ok(()) }
            }
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
            self.value(self.index(name, position).map_err(|error| self.node_error(error))?)?;
        }
        if has_any { self.join(text, position).map(|joined| Some(joined.into())) } else { Ok(None) }
    }

    /// The expanded value of the variable with this index.
    fn value(&self, index: usize) -> Result<Arc<str>, NodeError> {
        self.try_value(index).map_err(|error| self.node_error(error))
    }

    /// As [`Self::value`], computed without recursion. Kinds have many variables that only elements can expand.
    fn try_value<'v>(&'v self, index: usize) -> Result<Arc<str>, Unexpandable<'v>> {
        if let Some(known) = &self.resolved.borrow()[index] {
            return Ok(Arc::clone(known));
        }
        let mut steps = vec![self.begin(index)];
        let mut is_open = vec![false; self.resolved.borrow().len()];
        is_open[index] = true;
        while let Some(step) = steps.last_mut() {
            let (text, position) = self.text(step.index);
            let Some(next) = step.references.pop() else {
                let value = self.join(text, position).map_err(Unexpandable::TooLarge)?;
                self.resolved.borrow_mut()[step.index] = Some(value.into());
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
                return Err(Unexpandable::Circle(steps.split_off(first.unwrap_or_default())));
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

    fn index_of(&self, name: &str) -> Option<usize> {
        let added = || Some(self.base.entries.len() + self.added.get_index_of(name)?);
        self.base.entries.get_index_of(name).or_else(added)
    }

    fn node(&self, index: usize) -> &Node {
        match index.checked_sub(self.base.entries.len()) {
            Some(added) => &self.added[added],
            None => self.replaced.get(&index).unwrap_or_else(|| &self.base.entries[index]),
        }
    }

    fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.base.entries.keys().chain(self.added.keys())
    }

    /// A variable as it is written.
    fn text(&self, index: usize) -> (&str, Option<&FilePosition>) {
        let node = self.node(index);
        let text = match &node.kind {
            NodeKind::Scalar(text) => text,
            _ => "",
        };
        (text, node.position.as_ref())
    }

    /// Replaces references that are all resolved.
    fn join(&self, text: &str, position: Option<&FilePosition>) -> Result<String, NodeError> {
        let resolved = self.resolved.borrow();
        let mut joined = String::with_capacity(text.len() * 2);
        for piece in pieces(text) {
            joined.push_str(match piece {
                TextPiece::Text(text) => text,
                TextPiece::Reference(name) => {
                    let index = self.index_of(name);
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
        Ok(joined)
    }

    /// The index of a variable that a text at `position` refers to.
    fn index<'v>(
        &self,
        name: &'v str,
        position: Option<&'v FilePosition>,
    ) -> Result<usize, Unexpandable<'v>> {
        self.index_of(name).ok_or(Unexpandable::Undefined { name, position })
    }

    fn node_error(&self, error: Unexpandable<'_>) -> NodeError {
        match error {
            Unexpandable::Undefined { name, position } => self.undefined(name, position),
            Unexpandable::Circle(steps) => self.circle(&steps),
            Unexpandable::TooLarge(error) => error,
        }
    }

    fn undefined(&self, name: &str, position: Option<&FilePosition>) -> NodeError {
        let known: Vec<&str> = self.names().map(AsRef::as_ref).collect();
        let hint = match spec_model::nearest(name, &known) {
            Some(near) => format!("did you mean '%{{{near}}}'?"),
            None => "define it under 'variables'".to_owned(),
        };
        let message = format!("the variable '{name}' is not defined");
        NodeError::new("unresolved-variable", position, message).with_hint(hint)
    }

    fn circle(&self, steps: &[OpenVariable<'_>]) -> NodeError {
        let name = |step: &OpenVariable<'_>| self.names().nth(step.index).map(AsRef::as_ref);
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

#[cfg(test)]
mod tests;
