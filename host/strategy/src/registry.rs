//! Where element kinds come from.

use std::path::PathBuf;
use std::sync::Arc;

use spec_model::{Digest, PackageRequirement};

use crate::{ElementKind, KindError};

/// Finds the implementation of an element kind.
pub trait KindRegistry: Send + Sync {
    /// The kind that was asked for; the same request gives the same kind.
    ///
    /// # Errors
    /// [`KindError::Unknown`] when there is none, [`KindError::Broken`] when it cannot be loaded.
    fn kind(&self, request: &KindRequest) -> Result<Arc<dyn ElementKind>, KindError>;
}

/// Which kind a project asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KindRequest {
    /// The kind's name, as in `kind:`.
    pub name: String,
    /// The component file that the project's `plugins:` name for it (origin `local`: `PATH/KIND.wasm`), if it exists.
    /// A component given on the command line goes before it, an embedded one comes after it.
    pub component: Option<PathBuf>,
    /// That file, if the project names it and it does not exist.
    pub missing: Option<PathBuf>,
    /// The Python plugin in that file's place (`PATH/KIND.py`), if there is one.
    pub python: Option<Digest>,
    /// The Python package that the project takes it from (origin `pip`).
    pub package: Option<PackageRequirement>,
}
