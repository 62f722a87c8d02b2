//! What attribution must know of a build.

use spec_model::{Digest, Subaction};

use super::staged_root::StagedRoot;
use crate::accounting::PredictionResult;
use crate::record::Record;

/// The build of one element.
#[derive(Clone, Copy, Debug)]
pub struct ElementBuild<'a> {
    /// The element's full name.
    pub element: &'a str,
    /// The root of its sandbox before the first command.
    pub staging: &'a StagedRoot,
    /// The absolute paths of the folders in which its commands ran. Clients may send one of them as the input root of an
    /// action without a working directory.
    pub folders: &'a [String],
    /// The trees of dependencies that its environment named, each with the full names of the elements in it.
    pub platforms: &'a [(Digest, Vec<String>)],
    /// The records of its dependencies, direct or not, that have one.
    pub dependencies: &'a [&'a Record],
    /// The answered requests, in the order of the answers.
    pub subactions: &'a [Subaction],
    /// What came of the predictions for the actions of its previous record in this session.
    pub predictions: &'a [PredictionResult],
    /// The tree of its artifact's files, if it has one.
    pub artifact: Option<Digest>,
}
