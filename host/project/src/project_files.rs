//! The files of one project, and how messages call them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spec_model::{ElementName, Mapping};

use crate::LoadError;
use crate::text_pool::TextPool;
use crate::yaml::{parse_shared, read_text, read_text_below};

/// Reads the files of one project.
#[derive(Clone, Debug)]
pub(crate) struct ProjectFiles {
    /// The real path of the folder with project.conf.
    pub(crate) directory: PathBuf,
    /// The staged sources that the project is in. Others wrote them, so no link may lead out of them.
    staged: Option<PathBuf>,
    /// The junction that leads here.
    junction: Option<ElementName>,
    /// The texts of its files, and of those of all projects that are loaded together.
    pub(crate) texts: Arc<TextPool>,
}

impl ProjectFiles {
    /// The files of the user's own project.
    pub(crate) fn of_user(directory: PathBuf) -> Self {
        Self { directory, staged: None, junction: None, texts: Arc::default() }
    }

    /// The files of the project in a real path behind `junction`. The folder is in that of its parent, unless it is in
    /// sources that were staged.
    pub(crate) fn behind(&self, junction: &ElementName, directory: PathBuf, staged: Option<PathBuf>) -> Self {
        let staged = staged.or_else(|| self.staged.clone());
        Self { directory, staged, junction: Some(junction.clone()), texts: Arc::clone(&self.texts) }
    }

    /// The file's name in messages: in a subproject, behind the name of the junction.
    pub(crate) fn shown(&self, file: &str) -> String {
        match &self.junction {
            Some(junction) => format!("{junction}:{file}"),
            None => file.to_owned(),
        }
    }

    /// Reads and parses a file, by its path from the folder of the project.
    ///
    /// # Errors
    /// As [`parse_file`](crate::yaml::parse_file).
    pub(crate) fn parse(&self, file: &str) -> Result<Mapping, LoadError> {
        parse_shared(&self.text(file)?, &self.shown(file), &self.texts)
    }

    /// The text of a file.
    ///
    /// # Errors
    /// `missing-file`, `loading-directory` or `unreadable-file` when it cannot be read, or lies outside of staged sources.
    pub(crate) fn text(&self, file: &str) -> Result<String, LoadError> {
        let path = self.directory.join(file);
        match &self.staged {
            None => read_text(&path, &self.shown(file)),
            Some(staged) => {
                let below = path.strip_prefix(staged).unwrap_or(Path::new(file));
                read_text_below(staged, below, &self.shown(file))
            }
        }
    }

    /// Whether a path leads to a regular file, which in staged sources must be in them.
    pub(crate) fn has_file(&self, path: &Path) -> bool {
        let is_inside = |staged: &PathBuf| path.canonicalize().is_ok_and(|real| real.starts_with(staged));
        path.is_file() && self.staged.as_ref().is_none_or(is_inside)
    }

    /// The junction that leads here.
    pub(crate) fn junction(&self) -> Option<&ElementName> {
        self.junction.as_ref()
    }
}

/// Whether a file, as it is called in messages, belongs to a subproject.
pub(crate) fn is_of_subproject(shown: &str) -> bool {
    shown.contains(':')
}
