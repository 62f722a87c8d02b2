//! What a native test says of the elements around an element; in a component the host says it.

use crate::PublicData;
use crate::bindings::imports::spec::plugin::dependencies::StagedElement;

/// The elements that can be staged for the element of a test, and public data.
#[derive(Clone, Debug, Default)]
pub struct TestSurroundings {
    elements: Vec<TestStagedElement>,
    public: Vec<(String, PublicData)>,
}

/// An element that is staged for a dependency of the element of a test.
#[derive(Clone, Debug)]
pub struct TestStagedElement {
    dependency: u32,
    name: String,
    kind: String,
    has_artifact: bool,
    needs: Vec<String>,
    public: Vec<(String, PublicData)>,
}

impl TestStagedElement {
    /// An element of the kind `manual` in the project `project`, without public data, that is staged for the dependency of
    /// this index. Elements are given in staging order.
    #[must_use]
    pub fn new(dependency: u32, name: &str) -> Self {
        Self {
            dependency,
            name: name.to_owned(),
            kind: "manual".to_owned(),
            has_artifact: true,
            needs: Vec::new(),
            public: Vec::new(),
        }
    }

    /// The same element of another kind. A `stack` has no artifact.
    #[must_use]
    pub fn kind(self, kind: &str) -> Self {
        Self { kind: kind.to_owned(), has_artifact: kind != "stack", ..self }
    }

    /// The same element, which needs another one at run time.
    #[must_use]
    pub fn needs(mut self, name: &str) -> Self {
        self.needs.push(name.to_owned());
        self
    }

    /// The same element with public data of a domain.
    #[must_use]
    pub fn public(mut self, domain: &str, data: PublicData) -> Self {
        self.public.push((domain.to_owned(), data));
        self
    }
}

impl TestSurroundings {
    pub(crate) fn add(&mut self, element: TestStagedElement) {
        self.elements.push(element);
    }

    pub(crate) fn declare(&mut self, domain: &str, data: PublicData) {
        self.public.push((domain.to_owned(), data));
    }

    pub(crate) fn staged(&self, dependencies: &[u32]) -> Vec<StagedElement> {
        let staged = (0..).zip(&self.elements);
        let staged = staged.filter(|(_, element)| dependencies.contains(&element.dependency));
        staged.map(|(number, element)| told(number, element)).collect()
    }

    pub(crate) fn runtime_dependencies(&self, elements: &[u32]) -> Vec<Vec<StagedElement>> {
        let below = |element: &u32| {
            let needs = self.elements.get(*element as usize).map_or(&[][..], |element| &element.needs);
            let needed = (0..).zip(&self.elements).filter(|(_, other)| needs.contains(&other.name));
            needed.map(|(number, element)| told(number, element)).collect()
        };
        elements.iter().map(below).collect()
    }

    pub(crate) fn public_data_of(&self, domain: &str, elements: &[u32]) -> Vec<Option<PublicData>> {
        let data = |element: &u32| find(&self.elements.get(*element as usize)?.public, domain);
        elements.iter().map(data).collect()
    }

    pub(crate) fn own_public_data(&self, domain: &str) -> Option<PublicData> {
        find(&self.public, domain)
    }
}

fn find(public: &[(String, PublicData)], domain: &str) -> Option<PublicData> {
    public.iter().find(|(name, _)| name == domain).map(|(_, data)| data.clone())
}

fn told(number: u32, element: &TestStagedElement) -> StagedElement {
    StagedElement {
        number,
        full_name: element.name.clone(),
        name: element.name.clone(),
        project: "project".to_owned(),
        kind: element.kind.clone(),
        has_artifact: element.has_artifact,
    }
}
