//! Where element kinds come from.

use std::path::PathBuf;
use std::sync::Arc;

use spec_model::{FolderPlugin, PluginOrigin};

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
    /// Where the project takes it from. A component given on the command line goes before it.
    pub origin: PluginOrigin,
}

impl KindRequest {
    /// Asks for the kind in a component file.
    #[must_use]
    pub fn of_file(name: &str, file: PathBuf) -> Self {
        let plugin = FolderPlugin {
            file: file.display().to_string(),
            component: Some(file),
            ..FolderPlugin::default()
        };
        Self { name: name.to_owned(), origin: PluginOrigin::Folder(plugin) }
    }
}
