//! The result of an action, as plain data.

use std::time::{Duration, SystemTime};

use crate::Digest;
use crate::tree::NodeProperties;

/// REAPI's `ActionResult`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionResult {
    /// Regular files among the outputs.
    pub files: Vec<OutputFile>,
    /// Directories among the outputs.
    pub directories: Vec<OutputDirectory>,
    /// Symbolic links among the outputs.
    pub symlinks: Vec<OutputSymlink>,
    /// The exit code of the command; 128 plus the number of the signal if a signal ended it.
    pub exit_code: i32,
    /// Standard output.
    pub stdout: StreamOutput,
    /// Standard error.
    pub stderr: StreamOutput,
    /// Which worker ran it, when, and the resources that it used.
    pub metadata: ExecutionMetadata,
    /// The actions that it requested through its own socket, in the order of the requests (buildbox's field 99).
    pub subactions: Vec<Digest>,
}

impl ActionResult {
    /// The blobs that the message names: files, contents of the streams, `Tree` messages. Blobs named by these,
    /// `Directory` messages and what is below them are not included.
    pub fn blobs(&self) -> impl Iterator<Item = Digest> {
        let files = self.files.iter().map(|file| file.digest);
        let streams = [&self.stdout, &self.stderr].into_iter().filter_map(|captured| captured.digest);
        let trees = self.directories.iter().filter_map(|directory| directory.tree);
        files.chain(streams).chain(trees)
    }
}

/// What a command wrote to one of its streams. Inline bytes, a digest, or both; neither if it wrote nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamOutput {
    /// The bytes, if they are few.
    pub raw: Vec<u8>,
    /// The blob that holds them.
    pub digest: Option<Digest>,
}

/// A regular file. Its path is as the client asked for it, relative to the working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// As asked for.
    pub path: String,
    /// Its contents.
    pub digest: Digest,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Those of its properties that were asked for.
    pub properties: NodeProperties,
    /// The contents themselves, if the client that uploaded the result or asked for it has them inline.
    pub contents: Vec<u8>,
}

/// A directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputDirectory {
    /// As asked for.
    pub path: String,
    /// The `Tree` message of all of it, if asked for.
    pub tree: Option<Digest>,
    /// Whether that message lists parents before their children, each directory once.
    pub topologically_sorted: bool,
    /// The `Directory` message, if asked for.
    pub root: Option<Digest>,
}

/// A symbolic link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSymlink {
    /// As asked for.
    pub path: String,
    /// What it points at, as written.
    pub target: String,
    /// What the link leads to; only clients that ask for typed outputs need to know.
    pub kind: SymlinkKind,
    /// Those of its properties that were asked for.
    pub properties: NodeProperties,
}

/// In which lists of `ActionResult` a link occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SymlinkKind {
    /// In `output_symlinks` alone.
    #[default]
    Plain,
    /// Also in `output_file_symlinks`.
    ToFile,
    /// Also in `output_directory_symlinks`.
    ToDirectory,
}

/// REAPI's `ExecutedActionMetadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionMetadata {
    /// A name of the machine that ran it.
    pub worker: String,
    /// When it was queued.
    pub queued: Option<SystemTime>,
    /// When a worker took it and when it was done.
    pub worked: TimeSpan,
    /// When the worker began to fetch the inputs and when it had them.
    pub fetched: TimeSpan,
    /// When the command began and ended.
    pub executed: TimeSpan,
    /// When the worker began to store the outputs and when they were stored.
    pub uploaded: TimeSpan,
    /// The time that the command ran without being suspended by the worker (`virtual_execution_duration`), if known.
    pub virtual_duration: Option<Duration>,
    /// The resources that it used, if this program ran it.
    pub usage: Option<ActionUsage>,
    /// `auxiliary_metadata`: the type and the bytes of each message.
    pub auxiliary: Vec<(String, Vec<u8>)>,
}

impl ExecutionMetadata {
    /// How long the command ran, and its CPU time, in whole milliseconds; 0 where it is not known.
    #[must_use]
    pub fn cost_ms(&self) -> (u32, u32) {
        let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        let span = self.executed.start.zip(self.executed.end);
        let took = span.and_then(|(start, end)| end.duration_since(start).ok()).unwrap_or_default();
        let usage = self.usage.unwrap_or_default();
        (millis(took), millis(usage.user + usage.system))
    }
}

/// Two points in time, if known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeSpan {
    /// The first.
    pub start: Option<SystemTime>,
    /// The last.
    pub end: Option<SystemTime>,
}

/// The resources that a command and its descendants used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionUsage {
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel.
    pub system: Duration,
    /// Greatest resident set of one process, in bytes.
    pub max_rss: u64,
}
