//! The digest of what a kind is asked about an element, under which its answer is cached.

use spec_strategy::ElementInput;

use crate::answer_cache::AnswerKey;
use crate::question_digest::QuestionDigest;

/// Distinguishes these questions from others of a component. It is raised when what is digested below means something else.
const DOMAIN: &str = "configure 2";

/// The key of the answer about an element. Places do not count.
pub(crate) fn element_question(input: &ElementInput) -> AnswerKey {
    let mut question = QuestionDigest::default();
    question.text(DOMAIN);
    question.text(&input.name);
    question.text(&input.project);
    question.mapping(&input.config);
    question.count(input.variables.len());
    for (name, value) in &input.variables {
        question.text(name);
        question.text(value);
    }
    question.count(input.dependencies.len());
    for dependency in &input.dependencies {
        question.text(&dependency.path);
        let has_config = dependency.config.is_some();
        let flags: [u8; 3] = [dependency.build.into(), dependency.runtime.into(), has_config.into()];
        question.bytes(&flags);
        dependency.config.iter().for_each(|config| question.mapping(config));
    }
    question.count(input.sources.len());
    input.sources.iter().for_each(|kind| question.text(kind));
    question.finish()
}

#[cfg(test)]
mod tests {
    use spec_model::Node;

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
