//! What a build warns of.

use spec_artifact::StagingWarning;
use spec_cas::SpecialFile;
use spec_project::ProjectConfig;

use crate::error::BuildError;

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

/// Files that a warning names; of more it gives the number.
const NAMED: usize = 20;

impl Warning {
    /// What is said of the first element whose requests another machine does not tell of.
    pub(crate) fn of_unrecorded() -> Self {
        Self {
            reason: "requests-unrecorded",
            text: "where its commands ran, their result names no actions that they requested; elements without such names have no \
                   records, and the next builds no predictions from them"
                .to_owned(),
            detail: String::new(),
        }
    }

    /// What is said of the named pipes, sockets and devices that commands left; nothing when there are none.
    pub(crate) fn of_special(mut files: Vec<SpecialFile>) -> Option<Self> {
        files.sort_unstable();
        files.dedup();
        let more = files.len().saturating_sub(NAMED);
        let named = files.iter().take(NAMED).map(|file| format!("/{} ({})", file.path, file.kind));
        let mut lines: Vec<String> = named.collect();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        (!files.is_empty()).then(|| Self {
            reason: "special-files",
            text: "commands left what no artifact can hold, and it is left out".to_owned(),
            detail: lines.join("\n"),
        })
    }

    /// The error that the warning is in a project with these settings, if they say so.
    pub(crate) fn check(self, project: &ProjectConfig) -> Result<Self, BuildError> {
        if project.fatal_warnings.iter().any(|fatal| fatal == self.reason) {
            let Self { reason, text, detail } = self;
            return Err(BuildError::FatalWarning { reason, text, detail });
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
