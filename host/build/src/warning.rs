//! What a build warns of.

use spec_artifact::StagingWarning;
use spec_cas::SpecialFile;
use spec_project::Project;

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

    /// The error that the warning is in a project that says so.
    pub(crate) fn check(self, project: &Project) -> Result<Self, BuildError> {
        if project.config.fatal_warnings.iter().any(|fatal| fatal == self.reason) {
            let Self { reason, text, detail } = self;
            return Err(BuildError::FatalWarning { reason, text, detail });
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_files_are_named_once_and_not_without_end() {
        let file = |path: String| SpecialFile { path, kind: "named pipe" };
        assert_eq!(Warning::of_special(vec![]), None);
        let few = vec![file("run/b".to_owned()), file("a".to_owned()), file("run/b".to_owned())];
        let few = Warning::of_special(few).expect("there are some");
        assert_eq!(few.detail, "/a (named pipe)\n/run/b (named pipe)");
        let many = (10..40).map(|number| file(number.to_string())).collect();
        let many = Warning::of_special(many).expect("there are some");
        assert_eq!(many.detail.lines().count(), NAMED + 1);
        assert!(many.detail.ends_with("and 10 more"), "{}", many.detail);
    }
}
