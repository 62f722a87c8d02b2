//! Writes mappings as YAML, byte for byte as BuildStream writes the metadata of artifacts (ruamel.yaml in block
//! style, every scalar a text, 9999 columns wide), because digests of artifacts depend on it.

mod quoting;
mod scalars;

use spec_model::{Mapping, Node, NodeKind};

use quoting::QuoteStyle;

/// The text of a mapping.
#[must_use]
pub fn dump(mapping: &Mapping) -> String {
    let mut emitter = Emitter::default();
    if mapping.is_empty() {
        emitter.put("{}");
    } else {
        emitter.mapping(mapping, 0);
    }
    emitter.put("\n");
    emitter.text
}

/// The text of a sequence, as [`dump`] writes it inside of a mapping.
#[must_use]
pub fn dump_sequence(nodes: &[Node]) -> String {
    let mut emitter = Emitter::default();
    if nodes.is_empty() {
        emitter.put("[]");
    } else {
        emitter.sequence(nodes, 0);
    }
    emitter.put("\n");
    emitter.text
}

/// A scalar as it can stand after any key in block style.
pub(crate) fn inline_scalar(text: &str) -> String {
    scalar_without(text, &[',', '[', ']', '{', '}'])
}

/// A scalar on one line, which is plain only without these characters.
fn scalar_without(text: &str, special: &[char]) -> String {
    let style = match QuoteStyle::of_value(text) {
        QuoteStyle::Plain if text.is_empty() || text.contains(special) => QuoteStyle::Single,
        style => style,
    };
    let mut emitter = Emitter::default();
    emitter.scalar(text, 0, style);
    emitter.text
}

/// A collection in block style. Its first line begins at the current position, the others after `indent` spaces.
pub(crate) fn block_node(node: &Node, indent: usize) -> String {
    let mut emitter = Emitter::default();
    match &node.kind {
        NodeKind::Mapping(mapping) => emitter.mapping(mapping, indent),
        NodeKind::Sequence(nodes) => emitter.sequence(nodes, indent),
        NodeKind::Scalar(text) => emitter.scalar(text, indent, QuoteStyle::of_value(text)),
    }
    emitter.text
}

/// A scalar inside of braces, where YAML's versions read colons and question marks in different ways.
fn flow_scalar(text: &str) -> String {
    scalar_without(text, &[',', '[', ']', '{', '}', ':', '?'])
}

/// A node on one line, in braces and brackets.
pub(crate) fn flow_node(node: &Node) -> String {
    match &node.kind {
        NodeKind::Scalar(text) => flow_scalar(text),
        NodeKind::Sequence(nodes) => {
            format!("[{}]", nodes.iter().map(flow_node).collect::<Vec<_>>().join(", "))
        }
        NodeKind::Mapping(mapping) => {
            let entry = |(name, node): (&std::sync::Arc<str>, &Node)| {
                format!("{}: {}", flow_scalar(name), flow_node(node))
            };
            format!("{{{}}}", mapping.entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Writes text and keeps track of the column.
#[derive(Default)]
struct Emitter {
    text: String,
    column: usize,
}

impl Emitter {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    /// Begins a new line.
    fn line(&mut self, indent: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    /// Writes the entries of a mapping; the first begins at the current position.
    fn mapping(&mut self, mapping: &Mapping, indent: usize) {
        for (index, (name, node)) in mapping.entries.iter().enumerate() {
            if index > 0 {
                self.line(indent);
            }
            if quoting::is_simple_key(name) {
                self.scalar(name, indent, QuoteStyle::of_key(name));
                self.put(":");
                self.value(node, indent);
            } else {
                self.put("? ");
                self.scalar(name, indent + 2, QuoteStyle::of_value(name));
                self.line(indent);
                self.put(":");
                self.inline(node, indent);
            }
        }
    }

    /// Writes the items of a sequence; the first begins at the current position.
    fn sequence(&mut self, nodes: &[Node], indent: usize) {
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                self.line(indent);
            }
            self.put("-");
            self.inline(node, indent);
        }
    }

    /// Writes what follows the colon of a key.
    fn value(&mut self, node: &Node, indent: usize) {
        match &node.kind {
            NodeKind::Mapping(mapping) if !mapping.is_empty() => {
                self.line(indent + 2);
                self.mapping(mapping, indent + 2);
            }
            NodeKind::Sequence(nodes) if !nodes.is_empty() => {
                self.line(indent);
                self.sequence(nodes, indent);
            }
            NodeKind::Scalar(text) if text.is_empty() => {}
            _ => self.inline(node, indent),
        }
    }

    /// Writes what follows a dash, or a colon on a line of its own.
    fn inline(&mut self, node: &Node, indent: usize) {
        self.put(" ");
        match &node.kind {
            NodeKind::Mapping(mapping) if mapping.is_empty() => self.put("{}"),
            NodeKind::Mapping(mapping) => self.mapping(mapping, indent + 2),
            NodeKind::Sequence(nodes) if nodes.is_empty() => self.put("[]"),
            NodeKind::Sequence(nodes) => self.sequence(nodes, indent + 2),
            NodeKind::Scalar(text) => self.scalar(text, indent + 2, QuoteStyle::of_value(text)),
        }
    }
}

#[cfg(test)]
mod tests;
