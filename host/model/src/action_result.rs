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
    /// As the command ended; 128 and the signal's number if a signal ended it.
    pub exit_code: i32,
    /// Standard output.
    pub stdout: StreamOutput,
    /// Standard error.
    pub stderr: StreamOutput,
    /// Who ran it, when, and what it took.
    pub metadata: ExecutionMetadata,
    /// The actions that it had answered itself, in the order in which it asked (buildbox's field 99).
    pub subactions: Vec<Digest>,
}

impl ActionResult {
    /// The blobs that it names itself: files, what was written to the streams, `Tree` messages. Neither what these
    /// name, nor `Directory` messages with what is below them.
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
    /// From when until when a worker had it.
    pub worked: TimeSpan,
    /// From when until when its inputs were brought.
    pub fetched: TimeSpan,
    /// From when until when the command ran.
    pub executed: TimeSpan,
    /// From when until when its outputs were stored.
    pub uploaded: TimeSpan,
    /// Time that the command was not held up by the machine, if known.
    pub virtual_duration: Option<Duration>,
    /// What it took, if we ran it.
    pub usage: Option<ActionUsage>,
    /// Other messages: their type and bytes.
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

/// What a command and its descendants took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionUsage {
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel.
    pub system: Duration,
    /// Greatest resident set of one process, in bytes.
    pub max_rss: u64,
}
