//! The digest of what a kind is asked about an element, under which its answer is cached.

use spec_model::{Digest, Mapping, Node, NodeKind};
use spec_strategy::ElementInput;

use crate::answer_cache::AnswerKey;

/// Distinguishes these questions from others of a component. It is raised when the bytes below mean something else.
const DOMAIN: &str = "configure 2";

/// The bytes of a question: every text stands behind its length, every list behind its number of items.
#[derive(Default)]
struct QuestionBytes(Vec<u8>);

/// The key of the answer about an element. Places do not count.
pub(crate) fn element_question(input: &ElementInput) -> AnswerKey {
    let mut bytes = QuestionBytes(Vec::with_capacity(32 << 10));
    bytes.text(DOMAIN);
    bytes.text(&input.name);
    bytes.text(&input.project);
    bytes.mapping(&input.config);
    bytes.count(input.variables.len());
    for (name, value) in &input.variables {
        bytes.text(name);
        bytes.text(value);
    }
    bytes.count(input.dependencies.len());
    for dependency in &input.dependencies {
        bytes.text(&dependency.path);
        let has_config = dependency.config.is_some();
        let flags: [u8; 3] = [dependency.build.into(), dependency.runtime.into(), has_config.into()];
        bytes.0.extend(flags);
        dependency.config.iter().for_each(|config| bytes.mapping(config));
    }
    bytes.count(input.sources.len());
    input.sources.iter().for_each(|kind| bytes.text(kind));
    *Digest::of(&bytes.0).hash()
}

impl QuestionBytes {
    fn count(&mut self, count: usize) {
        self.0.extend((count as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend(text.as_bytes());
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Scalar(text) => {
                self.0.push(0);
                self.text(text);
            }
            NodeKind::Sequence(items) => {
                self.0.push(1);
                self.count(items.len());
                items.iter().for_each(|item| self.node(item));
            }
            NodeKind::Mapping(mapping) => {
                self.0.push(2);
                self.mapping(mapping);
            }
        }
    }

    fn mapping(&mut self, mapping: &Mapping) {
        self.count(mapping.entries.len());
        for (name, node) in &mapping.entries {
            self.text(name);
            self.node(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(change: impl FnOnce(&mut ElementInput)) -> AnswerKey {
        let mut input = ElementInput { name: "a.bst".to_owned(), ..ElementInput::default() };
        input.variables.push(("v".into(), "1".into()));
        input.config.set("commands", Node::sequence(vec![Node::text("a"), Node::text("b")]));
        change(&mut input);
        element_question(&input)
    }

    #[test]
    fn everything_but_places_counts() {
        let same = input(|_| ());
        let nodes = |texts: &[&str]| Node::sequence(texts.iter().map(|text| Node::text(*text)).collect());
        for (what, other) in [
            ("name", input(|input| input.name.push('x'))),
            ("project", input(|input| input.project.push('x'))),
            ("variable", input(|input| input.variables[0].1 = "2".into())),
            ("border of texts", input(|input| input.config.set("commands", nodes(&["ab", ""])))),
            ("border of lists", input(|input| input.config.set("commands", nodes(&["a"])))),
            ("source", input(|input| input.sources.push("tar".to_owned()))),
            ("dependency", input(|input| input.dependencies.push(Default::default()))),
        ] {
            assert_ne!(other, same, "{what}");
        }
        assert_eq!(input(|input| input.config.position = None), same);
    }
}
