//! Elements for tests of kinds.

use crate::bindings::element_kind::exports::spec::plugin::kind;
use crate::surroundings::{TestStagedElement, TestSurroundings};
use crate::{Element, PublicData};

/// A piece of an element's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Config {
    /// A text; numbers and truth values are texts too.
    Text(String),
    /// A list.
    List(Vec<Config>),
    /// A dictionary.
    Dictionary(Vec<(String, Config)>),
}

impl Config {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(texts: &[&str]) -> Self {
        Self::List(texts.iter().map(|text| Self::text(text)).collect())
    }

    /// A dictionary.
    #[must_use]
    pub fn dictionary(entries: &[(&str, Config)]) -> Self {
        Self::Dictionary(entries.iter().map(|(name, entry)| ((*name).to_owned(), entry.clone())).collect())
    }
}

/// An element as a project would declare it.
#[derive(Clone, Debug)]
pub struct TestElement {
    name: String,
    config: Vec<(String, Config)>,
    variables: Vec<(String, String)>,
    dependencies: Vec<(String, bool, bool, Option<Config>)>,
    sources: Vec<String>,
    around: TestSurroundings,
}

impl TestElement {
    /// An element with one source of the kind `local` and nothing else.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            config: Vec::new(),
            variables: Vec::new(),
            dependencies: Vec::new(),
            sources: vec!["local".to_owned()],
            around: TestSurroundings::default(),
        }
    }

    /// The same element with one entry more in its `config`.
    #[must_use]
    pub fn config(mut self, name: &str, entry: Config) -> Self {
        self.config.push((name.to_owned(), entry));
        self
    }

    /// The same element with a variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self.variables.sort_unstable();
        self
    }

    /// The same element with one dependency more, which is there at build time.
    #[must_use]
    pub fn build_dependency(mut self, path: &str, config: Option<Config>) -> Self {
        self.dependencies.push((path.to_owned(), true, false, config));
        self
    }

    /// The same element with one dependency more, which is there at run time.
    #[must_use]
    pub fn runtime_dependency(mut self, path: &str) -> Self {
        self.dependencies.push((path.to_owned(), false, true, None));
        self
    }

    /// The same element, for which this one is staged after those before.
    #[must_use]
    pub fn staged(mut self, element: TestStagedElement) -> Self {
        self.around.add(element);
        self
    }

    /// The same element with public data of a domain.
    #[must_use]
    pub fn public(mut self, domain: &str, data: PublicData) -> Self {
        self.around.declare(domain, data);
        self
    }

    /// The same element with sources of these kinds.
    #[must_use]
    pub fn sources(self, kinds: &[&str]) -> Self {
        Self { sources: kinds.iter().map(|kind| (*kind).to_owned()).collect(), ..self }
    }

    /// The element that a kind is asked about.
    #[must_use]
    pub fn element(self) -> Element {
        let mut nodes = Vec::new();
        let config = add(&mut nodes, Config::Dictionary(self.config));
        let dependencies = self.dependencies.into_iter().map(|(path, build, runtime, config)| {
            let config = config.map(|config| add(&mut nodes, config));
            kind::Dependency { path, build, runtime, config }
        });
        let dependencies = dependencies.collect();
        let mut element = Element::new(kind::ElementInput {
            name: self.name,
            project: "project".to_owned(),
            nodes,
            config,
            variables: self.variables,
            dependencies,
            sources: self.sources,
        });
        element.around = self.around;
        element
    }
}

/// Adds a node after its children, and returns its index.
fn add(nodes: &mut Vec<kind::Node>, config: Config) -> u32 {
    let node = match config {
        Config::Text(text) => kind::Node::Scalar(text),
        Config::List(items) => kind::Node::Sequence(items.into_iter().map(|item| add(nodes, item)).collect()),
        Config::Dictionary(entries) => {
            kind::Node::Mapping(entries.into_iter().map(|(name, entry)| (name, add(nodes, entry))).collect())
        }
    };
    nodes.push(node);
    nodes.len() as u32 - 1
}
