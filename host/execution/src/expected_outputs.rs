//! What an action was to make: the outputs of its command, checked.

use crate::outcome::ActionError;
use crate::properties::RequestedProperties;

use std::collections::HashSet;

use spec_action::path::{self, parent};
use spec_model::{ActionResult, Command, DirectoryFormat, Outputs};

/// More outputs than any tool asks for: each costs a directory that is made, and a look afterwards.
const MOST_OUTPUTS: usize = 100_000;

/// The outputs of a command, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpectedOutputs {
    pub(crate) outputs: Vec<ExpectedOutput>,
    pub(crate) format: DirectoryFormat,
    pub(crate) properties: RequestedProperties,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpectedOutput {
    /// As asked for.
    pub(crate) asked: String,
    /// From the root.
    pub(crate) path: String,
    pub(crate) kind: OutputKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputKind {
    Any,
    File,
    Directory,
}

impl ExpectedOutputs {
    /// The outputs of a command, checked.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] for a working directory, or an output, that leads out of the root; for outputs that are in
    /// each other's way, and for very many.
    pub(crate) fn of(command: &Command) -> Result<Self, ActionError> {
        Self::new(command, &working_directory(command)?)
    }

    /// Checks the outputs of a command whose working directory is `cwd`.
    fn new(command: &Command, cwd: &str) -> Result<Self, ActionError> {
        let lists: [(&str, &[String], OutputKind); 2] = match &command.outputs {
            Outputs::Paths(paths) => {
                [("output_paths", paths, OutputKind::Any), ("output_files", &[], OutputKind::File)]
            }
            Outputs::Typed { files, directories } => [
                ("output_files", files, OutputKind::File),
                ("output_directories", directories, OutputKind::Directory),
            ],
        };
        let count: usize = lists.iter().map(|(_, list, _)| list.len()).sum();
        if count > MOST_OUTPUTS {
            return Err(ActionError::invalid(format!(
                "it has {count} outputs; expected at most {MOST_OUTPUTS}"
            )));
        }
        let mut outputs = Vec::new();
        for (field, list, kind) in lists {
            for asked in list {
                let path = path::resolve(field, cwd, asked)?;
                outputs.push(ExpectedOutput { asked: asked.clone(), path, kind });
            }
        }
        check_overlaps(&outputs)?;
        let properties = RequestedProperties::of(&command.output_node_properties);
        Ok(Self { outputs, format: command.directory_format, properties })
    }

    /// The paths asked for, as they are.
    pub(crate) fn asked(&self) -> HashSet<&str> {
        self.outputs.iter().map(|output| output.asked.as_str()).collect()
    }

    /// Directories that have to be there before the command runs, relative to the root.
    pub(crate) fn parents(&self) -> impl Iterator<Item = String> {
        let mut parents: Vec<&str> = self.outputs.iter().map(|output| parent(&output.path)).collect();
        parents.sort_unstable();
        parents.dedup();
        parents
            .into_iter()
            .filter(|parent| !parent.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .into_iter()
    }
}

/// The path of an output in a result that the command did not ask for, if there is one.
///
/// # Errors
/// [`ActionError::Invalid`] when the command is wrong.
pub fn unrequested_output(command: &Command, result: &ActionResult) -> Result<Option<String>, ActionError> {
    let (cwd, expected) = (working_directory(command)?, ExpectedOutputs::of(command)?);
    let asked: HashSet<&str> = expected.outputs.iter().map(|output| output.path.as_str()).collect();
    let files = result.files.iter().map(|file| &file.path);
    let links = result.symlinks.iter().map(|link| &link.path);
    let mut all = files.chain(links).chain(result.directories.iter().map(|directory| &directory.path));
    let is_asked =
        |given: &&String| path::resolve("path", &cwd, given).is_ok_and(|path| asked.contains(path.as_str()));
    Ok(all.find(|given| !is_asked(given)).cloned())
}

/// The working directory of a command, from the root.
///
/// # Errors
/// [`ActionError::Invalid`] when it leads out of the root.
pub(crate) fn working_directory(command: &Command) -> Result<String, ActionError> {
    // What trexe writes for the root.
    let cwd = if command.working_directory == "." { "" } else { &command.working_directory };
    Ok(path::check_relative("working_directory", cwd)?.to_owned())
}

/// REAPI: no output twice, none below a file or another output of the older lists.
fn check_overlaps(outputs: &[ExpectedOutput]) -> Result<(), ActionError> {
    let mut sorted: Vec<&ExpectedOutput> = outputs.iter().collect();
    sorted.sort_unstable_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
    for pair in sorted.windows(2) {
        let [first, second] = pair else { continue };
        let (upper, lower) = (&first.path, &second.path);
        let below =
            upper.is_empty() || lower.strip_prefix(upper.as_str()).is_some_and(|rest| rest.starts_with('/'));
        if upper == lower {
            return Err(ActionError::invalid(format!("the output '{}' is asked for twice", second.asked)));
        }
        if below && first.kind == OutputKind::File {
            let (first, second) = (&first.asked, &second.asked);
            let what = format!("the output '{second}' is below the output '{first}', which is a file");
            return Err(ActionError::Invalid { what });
        }
    }
    Ok(())
}
