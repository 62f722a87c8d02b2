//! What a build warns of.

use spec_artifact::StagingWarning;
use spec_project::Project;

use crate::BuildError;

/// Something that is probably wrong but lets the build go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A stable code, BuildStream's name of the warning where it has one: `overlaps`, `unstaged-files`.
    pub reason: &'static str,
    /// One line.
    pub text: String,
    /// Further lines.
    pub detail: String,
}

impl From<StagingWarning> for Warning {
    fn from(warning: StagingWarning) -> Self {
        let (reason, whole) = (warning.reason(), warning.to_string());
        let (text, detail) = whole.split_once('\n').unwrap_or((&whole, ""));
        Self { reason, text: text.trim_end_matches(':').to_owned(), detail: detail.to_owned() }
    }
}

impl Warning {
    /// The error that the warning is in a project that says so.
    pub(crate) fn check(self, project: &Project) -> Result<Self, BuildError> {
        if project.config.fatal_warnings.iter().any(|fatal| fatal == self.reason) {
            let Self { reason, text, detail } = self;
            return Err(BuildError::FatalWarning { reason, text, detail });
        }
        Ok(self)
    }
}
