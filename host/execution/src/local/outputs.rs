//! What an action was to make, and what it made.

use std::path::Path;

use spec_cas::{Cas, CasError, Layer, Limits, SpecialFile, Take};
use spec_model::tree::NodeProperties;
use spec_model::{
    ActionResult, Captured, Digest, DirectoryFormat, OutputDirectory, OutputFile, OutputSymlink, SymlinkKind,
};

use crate::expected_outputs::{ExpectedOutput, ExpectedOutputs, OutputKind};
use crate::local::limits::{ActionLimits, of_output};
use crate::local::root_view::{RootView, ViewDirectory, ViewEntry};
use crate::outcome::ActionError;
use crate::properties::RequestedProperties;

/// Brings outputs into the store. They are copied, never moved: one may lie in another, or be reached by a link.
#[derive(Debug)]
pub(crate) struct OutputCollector<'a> {
    cas: &'a Cas,
    view: RootView<'a>,
    limits: ActionLimits,
    /// Bytes of the files among the outputs so far.
    bytes: u64,
    /// What was passed by since no tree can hold it.
    special: Vec<SpecialFile>,
}

impl<'a> OutputCollector<'a> {
    /// A collector of what is seen in `view`, which has outputs of at most `limits`.
    pub(crate) fn new(cas: &'a Cas, view: RootView<'a>, limits: ActionLimits) -> Self {
        Self { cas, view, limits, bytes: 0, special: Vec::new() }
    }

    /// Puts those outputs that are there into `result`, and answers with what was passed by. What no tree can hold counts
    /// as not there, as other workers have it: the rest of what the command made is worth keeping.
    pub(crate) fn collect(
        mut self,
        expected: &ExpectedOutputs,
        result: &mut ActionResult,
    ) -> Result<Vec<SpecialFile>, ActionError> {
        for output in &expected.outputs {
            match self.view.at(&output.path, false)? {
                ViewEntry::Nothing => {}
                ViewEntry::Special(kind) => {
                    self.special.push(SpecialFile { path: output.path.clone(), kind })
                }
                ViewEntry::Written { path, executable } if output.kind != OutputKind::Directory => {
                    let properties = expected.properties.read(self.view.written(), &path)?;
                    let digest = self.file(output, &path)?;
                    result.files.push(file(output, digest, executable, properties));
                }
                ViewEntry::Untouched { digest, executable, written }
                    if output.kind != OutputKind::Directory =>
                {
                    let read = |path: String| expected.properties.read(self.view.written(), &path);
                    let properties = written.map(read).transpose()?.unwrap_or_default();
                    result.files.push(file(output, digest, executable, properties));
                }
                ViewEntry::Directory(folder) if output.kind != OutputKind::File => {
                    result.directories.push(self.directory(expected, output, &folder)?);
                }
                ViewEntry::Link { target, written } => {
                    let kind = self.link_kind(output)?;
                    let read = |path: String| expected.properties.read(self.view.written(), &path);
                    let properties = written.map(read).transpose()?.unwrap_or_default();
                    let path = output.asked.clone();
                    result.symlinks.push(OutputSymlink { path, target, kind, properties });
                }
                other => return Err(unexpected(output, &other)),
            }
        }
        Ok(self.special)
    }

    fn file(&mut self, output: &ExpectedOutput, path: &str) -> Result<Digest, ActionError> {
        let cas = self.cas.clone().with_limits(Limits { bytes: self.limits.bytes, ..self.cas.limits() });
        let stored = self.view.written().store_file(&cas, path);
        let digest = stored.map_err(|error| of_output(&output.asked, error))?;
        self.bytes = self.bytes.saturating_add(digest.size());
        let what = format!("the output '{}', with those before it,", output.asked);
        self.limits.check_bytes(&what, self.bytes)?;
        Ok(digest)
    }

    /// Only the older lists tell links by what they lead to.
    fn link_kind(&self, output: &ExpectedOutput) -> Result<SymlinkKind, ActionError> {
        if output.kind == OutputKind::Any {
            return Ok(SymlinkKind::Plain);
        }
        Ok(match (self.view.at(&output.path, true)?, output.kind) {
            (ViewEntry::Directory(_), _) | (ViewEntry::Nothing, OutputKind::Directory) => {
                SymlinkKind::ToDirectory
            }
            _ => SymlinkKind::ToFile,
        })
    }

    fn directory(
        &mut self,
        expected: &ExpectedOutputs,
        output: &ExpectedOutput,
        folder: &ViewDirectory,
    ) -> Result<OutputDirectory, ActionError> {
        let root =
            self.capture(&expected.properties, folder).map_err(|error| of_output(&output.asked, error))?;
        let tree = match expected.format {
            DirectoryFormat::Tree | DirectoryFormat::Both => Some(self.cas.store_tree_message(&root)?),
            DirectoryFormat::Directory => None,
        };
        let shown = expected.format != DirectoryFormat::Tree;
        let (path, topologically_sorted) = (output.asked.clone(), tree.is_some());
        Ok(OutputDirectory { path, tree, topologically_sorted, root: shown.then_some(root) })
    }

    fn capture(
        &mut self,
        properties: &RequestedProperties,
        folder: &ViewDirectory,
    ) -> Result<Digest, CasError> {
        let below = match folder.below.as_slice() {
            [] => self.cas.digest(b""),
            [one] => *one,
            many => {
                let layers: Vec<_> = many.iter().rev().map(|tree| Layer::whole(*tree)).collect();
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
    pub(crate) fn stream(&self, file: &Path, inline: u64) -> Result<Captured, ActionError> {
        let failed = |error| ActionError::from(CasError::writing(file, error));
        let size = match std::fs::metadata(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            found => found.map_err(failed)?.len(),
        };
        self.limits.check_stream("a standard stream of the command", size)?;
        match size {
            0 => Ok(Captured::default()),
            _ if size <= inline => Ok(Captured { raw: std::fs::read(file).map_err(failed)?, digest: None }),
            _ => Ok(Captured { raw: Vec::new(), digest: Some(self.cas.put_file(file, Take::Copy)?) }),
        }
    }
}

fn file(output: &ExpectedOutput, digest: Digest, executable: bool, properties: NodeProperties) -> OutputFile {
    OutputFile { path: output.asked.clone(), digest, executable, properties, contents: Vec::new() }
}

fn unexpected(output: &ExpectedOutput, seen: &ViewEntry) -> ActionError {
    let found = match seen {
        ViewEntry::Directory(_) => "a directory",
        ViewEntry::Special(kind) => kind,
        _ => "a file",
    };
    let expected = match output.kind {
        OutputKind::Any => "a file, a directory or a symbolic link",
        OutputKind::File => "a file, as it is named in output_files",
        OutputKind::Directory => "a directory, as it is named in output_directories",
    };
    ActionError::BadOutput { path: output.asked.clone(), found: found.to_owned(), expected }
}
