//! What an action was to make, and what it made.

use std::collections::HashSet;
use std::path::Path;

use spec_cas::{Cas, CasError, ImportMode, Limits, MergeInput, SpecialFile};
use spec_model::tree::NodeProperties;
use spec_model::{
    ActionResult, Command, Digest, DirectoryFormat, OutputDirectory, OutputFile, OutputSymlink, Outputs,
    StreamOutput, SymlinkKind,
};

use super::limits::{ActionLimits, of_output};
use super::properties::Wanted;
use super::view::{Folder, Seen, View};
use super::{ActionError, parent, path};

/// More outputs than any tool asks for: each costs a directory that is made, and a look afterwards.
const MOST_OUTPUTS: usize = 100_000;

/// The outputs of a command, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    outputs: Vec<Output>,
    format: DirectoryFormat,
    properties: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Output {
    /// As asked for.
    asked: String,
    /// From the root.
    path: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    File,
    Directory,
}

impl Plan {
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
        let lists: [(&str, &[String], Kind); 2] = match &command.outputs {
            Outputs::Paths(paths) => [("output_paths", paths, Kind::Any), ("output_files", &[], Kind::File)],
            Outputs::Typed { files, directories } => {
                [("output_files", files, Kind::File), ("output_directories", directories, Kind::Directory)]
            }
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
                let path = path::from_folder(field, cwd, asked)?;
                outputs.push(Output { asked: asked.clone(), path, kind });
            }
        }
        check_overlaps(&outputs)?;
        let properties = Wanted::of(&command.output_node_properties);
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

/// The working directory of a command, from the root.
///
/// # Errors
/// [`ActionError::Invalid`] when it leads out of the root.
pub(crate) fn working_directory(command: &Command) -> Result<String, ActionError> {
    // What trexe writes for the root.
    let cwd = if command.working_directory == "." { "" } else { &command.working_directory };
    Ok(path::relative("working_directory", cwd)?.to_owned())
}

/// REAPI: no output twice, none below a file or another output of the older lists.
fn check_overlaps(outputs: &[Output]) -> Result<(), ActionError> {
    let mut sorted: Vec<&Output> = outputs.iter().collect();
    sorted.sort_unstable_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
    for pair in sorted.windows(2) {
        let [first, second] = pair else { continue };
        let (upper, lower) = (&first.path, &second.path);
        let below =
            upper.is_empty() || lower.strip_prefix(upper.as_str()).is_some_and(|rest| rest.starts_with('/'));
        if upper == lower {
            return Err(ActionError::invalid(format!("the output '{}' is asked for twice", second.asked)));
        }
        if below && first.kind == Kind::File {
            let (first, second) = (&first.asked, &second.asked);
            let what = format!("the output '{second}' is below the output '{first}', which is a file");
            return Err(ActionError::Invalid { what });
        }
    }
    Ok(())
}

/// Brings outputs into the store. They are copied, never moved: one may lie in another, or be reached by a link.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    cas: &'a Cas,
    view: View<'a>,
    limits: ActionLimits,
    /// Bytes of the files among the outputs so far.
    bytes: u64,
    /// What was passed by since no tree can hold it.
    special: Vec<SpecialFile>,
}

impl<'a> Collector<'a> {
    /// A collector of what is seen in `view`, which has outputs of at most `limits`.
    pub(crate) fn new(cas: &'a Cas, view: View<'a>, limits: ActionLimits) -> Self {
        Self { cas, view, limits, bytes: 0, special: Vec::new() }
    }

    /// Puts those outputs that are there into `result`, and answers with what was passed by. What no tree can hold counts
    /// as not there, as other workers have it: the rest of what the command made is worth keeping.
    pub(crate) fn collect(
        mut self,
        plan: &Plan,
        result: &mut ActionResult,
    ) -> Result<Vec<SpecialFile>, ActionError> {
        for output in &plan.outputs {
            match self.view.at(&output.path, false)? {
                Seen::Nothing => {}
                Seen::Special(kind) => self.special.push(SpecialFile { path: output.path.clone(), kind }),
                Seen::Written { path, executable } if output.kind != Kind::Directory => {
                    let properties = plan.properties.read(self.view.written(), &path)?;
                    let digest = self.file(output, &path)?;
                    result.files.push(file(output, digest, executable, properties));
                }
                Seen::Untouched { digest, executable, written } if output.kind != Kind::Directory => {
                    let read = |path: String| plan.properties.read(self.view.written(), &path);
                    let properties = written.map(read).transpose()?.unwrap_or_default();
                    result.files.push(file(output, digest, executable, properties));
                }
                Seen::Folder(folder) if output.kind != Kind::File => {
                    result.directories.push(self.directory(plan, output, &folder)?);
                }
                Seen::Link { target, written } => {
                    let kind = self.link_kind(output)?;
                    let read = |path: String| plan.properties.read(self.view.written(), &path);
                    let properties = written.map(read).transpose()?.unwrap_or_default();
                    let path = output.asked.clone();
                    result.symlinks.push(OutputSymlink { path, target, kind, properties });
                }
                other => return Err(unexpected(output, &other)),
            }
        }
        Ok(self.special)
    }

    fn file(&mut self, output: &Output, path: &str) -> Result<Digest, ActionError> {
        let cas = self.cas.clone().with_limits(Limits { bytes: self.limits.bytes, ..self.cas.limits() });
        let stored = self.view.written().store_file(&cas, path);
        let digest = stored.map_err(|error| of_output(&output.asked, error))?;
        self.bytes = self.bytes.saturating_add(digest.size());
        let what = format!("the output '{}', with those before it,", output.asked);
        self.limits.check_bytes(&what, self.bytes)?;
        Ok(digest)
    }

    /// Only the older lists tell links by what they lead to.
    fn link_kind(&self, output: &Output) -> Result<SymlinkKind, ActionError> {
        if output.kind == Kind::Any {
            return Ok(SymlinkKind::Plain);
        }
        Ok(match (self.view.at(&output.path, true)?, output.kind) {
            (Seen::Folder(_), _) | (Seen::Nothing, Kind::Directory) => SymlinkKind::ToDirectory,
            _ => SymlinkKind::ToFile,
        })
    }

    fn directory(
        &mut self,
        plan: &Plan,
        output: &Output,
        folder: &Folder,
    ) -> Result<OutputDirectory, ActionError> {
        let root = self.capture(&plan.properties, folder).map_err(|error| of_output(&output.asked, error))?;
        let tree = match plan.format {
            DirectoryFormat::Tree | DirectoryFormat::Both => Some(self.cas.store_tree_message(&root)?),
            DirectoryFormat::Directory => None,
        };
        let shown = plan.format != DirectoryFormat::Tree;
        let (path, topologically_sorted) = (output.asked.clone(), tree.is_some());
        Ok(OutputDirectory { path, tree, topologically_sorted, root: shown.then_some(root) })
    }

    fn capture(&mut self, properties: &Wanted, folder: &Folder) -> Result<Digest, CasError> {
        let below = match folder.below.as_slice() {
            [] => self.cas.digest(b""),
            [one] => *one,
            many => {
                let layers: Vec<_> = many.iter().rev().map(|tree| MergeInput::whole(*tree)).collect();
                self.cas.merge(&layers)?.root
            }
        };
        let Some(written) = &folder.written else { return Ok(below) };
        let ActionLimits { bytes, entries, .. } = self.limits;
        let cas = self.cas.clone().with_limits(Limits { bytes, entries, ..self.cas.limits() });
        let captured = self.view.capture(&cas, written, &below)?;
        self.special.extend(captured.special);
        if properties.is_nothing() {
            return Ok(captured.root);
        }
        properties.add_to(self.cas, &captured.root, self.view.written(), written)
    }

    /// What was written to a standard stream: in the result up to `inline` bytes, in the store beyond.
    pub(crate) fn stream(&self, file: &Path, inline: u64) -> Result<StreamOutput, ActionError> {
        let failed = |error| ActionError::from(CasError::writing(file, error));
        let size = match std::fs::metadata(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            found => found.map_err(failed)?.len(),
        };
        self.limits.check_stream("a standard stream of the command", size)?;
        match size {
            0 => Ok(StreamOutput::default()),
            _ if size <= inline => {
                Ok(StreamOutput { raw: std::fs::read(file).map_err(failed)?, digest: None })
            }
            _ => {
                Ok(StreamOutput { raw: Vec::new(), digest: Some(self.cas.put_file(file, ImportMode::Copy)?) })
            }
        }
    }
}

fn file(output: &Output, digest: Digest, executable: bool, properties: NodeProperties) -> OutputFile {
    OutputFile { path: output.asked.clone(), digest, executable, properties, contents: Vec::new() }
}

fn unexpected(output: &Output, seen: &Seen) -> ActionError {
    let found = match seen {
        Seen::Folder(_) => "a directory",
        Seen::Special(kind) => kind,
        _ => "a file",
    };
    let expected = match output.kind {
        Kind::Any => "a file, a directory or a symbolic link",
        Kind::File => "a file, as it is named in output_files",
        Kind::Directory => "a directory, as it is named in output_directories",
    };
    ActionError::BadOutput { path: output.asked.clone(), found: found.to_owned(), expected }
}
