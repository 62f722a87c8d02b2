//! The contract with whoever has the sources of junctions.

use std::path::PathBuf;

use spec_model::UserError;

use crate::config::ProjectConfig;
use crate::element::SourceConfig;

/// Fetches and stages the sources of junctions, so that the projects in them can be loaded.
pub trait SubprojectSources {
    /// The folder with the sources of a junction, which stays as long as the loaded project is used.
    ///
    /// # Errors
    /// Why they cannot be had.
    fn folder(&self, junction: &JunctionSources<'_>) -> Result<SourcesFolder, SubprojectError>;
}

/// The sources of a junction.
#[derive(Clone, Copy, Debug)]
pub struct JunctionSources<'j> {
    /// The junction's full name.
    pub name: &'j str,
    /// The project that declares it.
    pub project: &'j ProjectConfig,
    /// Its sources.
    pub sources: &'j [SourceConfig],
}

/// Where the sources of a junction are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourcesFolder {
    /// In the project that declares the junction.
    InProject(PathBuf),
    /// Staged into a folder of their own. Nothing that the host reads there may lead out of it.
    Staged(PathBuf),
}

/// Why a junction has no sources.
#[derive(Debug)]
pub enum SubprojectError {
    /// One of them has no ref.
    NoRef,
    /// They are wrong, or cannot be fetched.
    Source(Box<dyn UserError>),
}
