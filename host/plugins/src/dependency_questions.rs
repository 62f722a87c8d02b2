//! What a kind asks about dependencies in one call, so that an answer of the kind can be kept with what it rests on.

use std::cell::RefCell;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use spec_strategy::{DependencyFacts, PublicData, StagedElementFacts};

use crate::answer_cache::AnswerKey;
use crate::instance_state::PART_SIZE;
use crate::question_digest::QuestionDigest;

/// A question of a kind. Elements have the numbers of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DependencyQuestion {
    /// The elements that are staged for these dependencies.
    Staged(Vec<u32>),
    /// What each of these elements needs at run time itself.
    Runtime(Vec<u32>),
    /// What each of these elements has in this domain.
    Public(String, Vec<u32>),
    /// What the element itself declares in this domain.
    Own(String),
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DependencyAnswer {
    /// Of `Staged` one list, of `Runtime` one for each element.
    Elements(Vec<Vec<NumberedElement>>),
    /// Of `Public` an entry for each element, of `Own` one.
    Data(Vec<Option<PublicData>>),
}

/// An element with its number in the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NumberedElement {
    pub(crate) number: u32,
    pub(crate) facts: StagedElementFacts,
}

/// Who answers questions about dependencies.
pub(crate) trait AnswerDependencies {
    fn ask(&self, question: DependencyQuestion) -> DependencyAnswer;
}

/// The questions of one call, answered from facts and remembered.
pub(crate) struct AskedDependencies<'f> {
    facts: &'f dyn DependencyFacts,
    asked: RefCell<AskedInCall>,
}

#[derive(Default)]
struct AskedInCall {
    questions: Vec<DependencyQuestion>,
    answers: QuestionDigest,
    /// The elements that were told, by their numbers in the call.
    elements: Vec<usize>,
    numbers: HashMap<usize, u32>,
}

impl<'f> AskedDependencies<'f> {
    pub(crate) fn new(facts: &'f dyn DependencyFacts) -> Self {
        Self { facts, asked: RefCell::default() }
    }

    /// Asks the same questions, and returns a digest of the answers.
    pub(crate) fn answers_to(&self, questions: &[DependencyQuestion]) -> AnswerKey {
        for question in questions {
            match question {
                DependencyQuestion::Public(domain, elements) => self.digest_public(domain, elements),
                other => drop(self.ask(other.clone())),
            }
        }
        self.take_parts().1
    }

    /// Digests the answer to a question about many elements without having the data of all of them at a time.
    fn digest_public(&self, domain: &str, elements: &[u32]) {
        let asked = &mut *self.asked.borrow_mut();
        digest_data_header(elements.len(), &mut asked.answers);
        for number in elements {
            let element = asked.elements.get(*number as usize);
            let data = element.and_then(|element| self.facts.public_data(*element, domain));
            digest_optional_data(data.as_ref(), &mut asked.answers);
        }
    }

    /// The questions so far, and a digest of the answers. Forgets them.
    pub(crate) fn take_parts(&self) -> (Vec<DependencyQuestion>, AnswerKey) {
        let AskedInCall { questions, answers, .. } = self.asked.take();
        (questions, answers.finish())
    }

    fn answer(&self, question: &DependencyQuestion) -> DependencyAnswer {
        let mut asked = self.asked.borrow_mut();
        let told = |asked: &AskedInCall, number: &u32| asked.elements.get(*number as usize).copied();
        match question {
            DependencyQuestion::Staged(dependencies) => {
                DependencyAnswer::Elements(vec![self.numbered(&mut asked, self.facts.staged(dependencies))])
            }
            DependencyQuestion::Runtime(elements) => {
                let mut below = |number: &u32| {
                    let found = told(&asked, number).map(|element| self.facts.runtime_dependencies(element));
                    self.numbered(&mut asked, found.unwrap_or_default())
                };
                DependencyAnswer::Elements(elements.iter().map(&mut below).collect())
            }
            DependencyQuestion::Public(domain, elements) => {
                let data = |number: &u32| self.facts.public_data(told(&asked, number)?, domain);
                DependencyAnswer::Data(elements.iter().map(data).collect())
            }
            DependencyQuestion::Own(domain) => {
                DependencyAnswer::Data(vec![self.facts.own_public_data(domain)])
            }
        }
    }

    /// The elements with their numbers; new ones get the next.
    fn numbered(&self, asked: &mut AskedInCall, elements: Vec<usize>) -> Vec<NumberedElement> {
        let mut number = |element: usize| {
            let next = u32::try_from(asked.elements.len()).unwrap_or(u32::MAX);
            let number = *asked.numbers.entry(element).or_insert(next);
            if number == next {
                asked.elements.push(element);
            }
            Some(NumberedElement { number, facts: self.facts.element(element)? })
        };
        elements.into_iter().filter_map(&mut number).collect()
    }
}

impl AnswerDependencies for AskedDependencies<'_> {
    fn ask(&self, question: DependencyQuestion) -> DependencyAnswer {
        let answer = self.answer(&question);
        let mut asked = self.asked.borrow_mut();
        answer.digest(&mut asked.answers);
        asked.questions.push(question);
        answer
    }
}

/// Answers calls that are not about an element.
pub(crate) struct NoQuestions;

impl AnswerDependencies for NoQuestions {
    fn ask(&self, question: DependencyQuestion) -> DependencyAnswer {
        match question {
            DependencyQuestion::Staged(_) | DependencyQuestion::Runtime(_) => {
                DependencyAnswer::Elements(Vec::new())
            }
            DependencyQuestion::Public(..) | DependencyQuestion::Own(_) => DependencyAnswer::Data(Vec::new()),
        }
    }
}

impl DependencyAnswer {
    fn digest(&self, digest: &mut QuestionDigest) {
        match self {
            Self::Elements(lists) => {
                digest.bytes(&[0]);
                digest.count(lists.len());
                for list in lists {
                    digest.count(list.len());
                    list.iter().for_each(|element| element.digest(digest));
                }
            }
            Self::Data(data) => {
                digest_data_header(data.len(), digest);
                data.iter().for_each(|data| digest_optional_data(data.as_ref(), digest));
            }
        }
    }

    /// Bytes that it counts for.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Elements(lists) => {
                let element = |NumberedElement { facts, .. }: &NumberedElement| {
                    PART_SIZE
                        + facts.full_name.len()
                        + facts.name.len()
                        + facts.project.len()
                        + facts.kind.len()
                };
                lists.iter().flatten().map(element).sum()
            }
            Self::Data(data) => data.iter().flatten().map(size_of_data).sum(),
        }
    }
}

impl NumberedElement {
    fn digest(&self, digest: &mut QuestionDigest) {
        let StagedElementFacts { full_name, name, project, kind, has_artifact } = &self.facts;
        digest.bytes(&self.number.to_le_bytes());
        [full_name, name, project, kind].into_iter().for_each(|text| digest.text(text));
        digest.bytes(&[(*has_artifact).into()]);
    }
}

/// Begins the digest of data of so many elements.
fn digest_data_header(elements: usize, digest: &mut QuestionDigest) {
    digest.bytes(&[1]);
    digest.count(elements);
}

fn digest_optional_data(data: Option<&PublicData>, digest: &mut QuestionDigest) {
    digest.bytes(&[data.is_some().into()]);
    data.iter().for_each(|data| digest_data(data, digest));
}

fn digest_data(data: &PublicData, digest: &mut QuestionDigest) {
    match data {
        PublicData::Text(text) => {
            digest.bytes(&[0]);
            digest.text(text);
        }
        PublicData::Sequence(items) => {
            digest.bytes(&[1]);
            digest.count(items.len());
            items.iter().for_each(|item| digest_data(item, digest));
        }
        PublicData::Mapping(entries) => {
            digest.bytes(&[2]);
            digest.count(entries.len());
            for (name, entry) in entries {
                digest.text(name);
                digest_data(entry, digest);
            }
        }
    }
}

fn size_of_data(data: &PublicData) -> usize {
    PART_SIZE
        + match data {
            PublicData::Text(text) => text.len(),
            PublicData::Sequence(items) => items.iter().map(size_of_data).sum(),
            PublicData::Mapping(entries) => {
                entries.iter().map(|(name, entry)| name.len() + size_of_data(entry)).sum()
            }
        }
}
