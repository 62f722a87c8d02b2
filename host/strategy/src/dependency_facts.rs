//! What a kind may ask about the dependencies of the element that it configures.

use serde::{Deserialize, Serialize};

/// Answers what a kind asks about elements that can be staged for an element. Elements are named by numbers that hold for one
/// question of [`ElementKind::configure`](crate::ElementKind::configure). The answers follow from the project alone.
pub trait DependencyFacts {
    /// The elements that are staged for these dependencies, which are indices of
    /// [`ElementInput::dependencies`](crate::ElementInput::dependencies): they and all they need at run time, in staging
    /// order, each once.
    fn staged(&self, dependencies: &[u32]) -> Vec<usize>;

    /// What an element is; `None` when there is none of that number.
    fn element(&self, element: usize) -> Option<StagedElementFacts>;

    /// The elements that an element depends on at run time itself.
    fn runtime_dependencies(&self, element: usize) -> Vec<usize>;

    /// What the artifact of an element has in a domain of its public data.
    fn public_data(&self, element: usize, domain: &str) -> Option<PublicData>;

    /// What the element that is configured declares in a domain of its public data.
    fn own_public_data(&self, domain: &str) -> Option<PublicData>;
}

/// An element that can be staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedElementFacts {
    /// Its full name, by which a plan names it.
    pub full_name: String,
    /// Its name in its project.
    pub name: String,
    /// The name of its project.
    pub project: String,
    /// Its kind.
    pub kind: String,
    /// Whether its artifact has contents.
    pub has_artifact: bool,
}

/// A tree of public data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PublicData {
    /// A text; numbers and truth values are texts too.
    Text(String),
    /// Values in order.
    Sequence(Vec<PublicData>),
    /// Values by name, in the order of the file.
    Mapping(Vec<(String, PublicData)>),
}

/// The facts of an element that is in no project: no element can be staged for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDependencies;

impl DependencyFacts for NoDependencies {
    fn staged(&self, _: &[u32]) -> Vec<usize> {
        Vec::new()
    }

    fn element(&self, _: usize) -> Option<StagedElementFacts> {
        None
    }

    fn runtime_dependencies(&self, _: usize) -> Vec<usize> {
        Vec::new()
    }

    fn public_data(&self, _: usize, _: &str) -> Option<PublicData> {
        None
    }

    fn own_public_data(&self, _: &str) -> Option<PublicData> {
        None
    }
}
