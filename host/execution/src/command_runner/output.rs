//! The log of a batch, and what of it an action wrote.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use spec_cas::Cas;
use spec_model::{ActionResult, StreamOutput};

use crate::command_runner::contract::BatchCommand;
use crate::command_runner::script;
use crate::error::ExecutionError;

/// Bytes at the end of an action's output in which the heading of its last command is looked for.
const TAIL: u64 = 128 << 10;

/// Bytes of what the script tells of its progress, with what servers may add; more is not looked through.
const LONGEST_PROGRESS: u64 = 16 << 20;

/// The log of a batch, to which lines and output are appended.
#[derive(Clone, Copy)]
pub(super) struct BatchLog<'a>(pub(super) &'a File);

impl BatchLog<'_> {
    /// Appends a line.
    pub(super) fn line(mut self, text: &str) -> Result<(), ExecutionError> {
        self.0.write_all(format!("{text}\n").as_bytes()).map_err(failed)
    }

    /// Bytes written so far.
    pub(super) fn length(self) -> Result<u64, ExecutionError> {
        Ok(self.0.metadata().map_err(failed)?.len())
    }

    /// Another handle, for what a command writes.
    pub(super) fn handle(self) -> Result<File, ExecutionError> {
        self.0.try_clone().map_err(failed)
    }

    /// Appends what an action wrote, and answers with the number of the command that it started last, counted from its
    /// first; `None` when it did not come so far.
    pub(super) fn append(self, cas: &Cas, result: &ActionResult) -> Result<Option<usize>, ExecutionError> {
        self.append_stream(cas, &result.stdout)?;
        let told = &result.stderr;
        if told.digest.is_some_and(|digest| digest.size() > LONGEST_PROGRESS) {
            self.append_stream(cas, told)?;
            return Ok(None);
        }
        let bytes = match &told.digest {
            Some(digest) if told.raw.is_empty() => cas.get(digest)?,
            _ => told.raw.clone(),
        };
        let (started, others) = script::read_progress(&bytes);
        (&mut &*self.0).write_all(&others).map_err(failed)?;
        Ok(started)
    }

    fn append_stream(self, cas: &Cas, stream: &StreamOutput) -> Result<(), ExecutionError> {
        match &stream.digest {
            Some(digest) if stream.raw.is_empty() => {
                io::copy(&mut cas.open_blob(digest)?, &mut &*self.0).map(drop).map_err(failed)
            }
            _ => (&mut &*self.0).write_all(&stream.raw).map_err(failed),
        }
    }

    /// The byte at which the output of this command begins, in what was appended from byte `start` on.
    pub(super) fn output_of(self, command: &BatchCommand, start: u64) -> Result<u64, ExecutionError> {
        let mut log = self.handle()?;
        let from = self.length()?.saturating_sub(TAIL).max(start);
        let mut bytes = Vec::new();
        log.seek(SeekFrom::Start(from)).map_err(failed)?;
        log.take(TAIL).read_to_end(&mut bytes).map_err(failed)?;
        let heading = command.heading_line() + "\n";
        let found = bytes.windows(heading.len()).rposition(|window| window == heading.as_bytes());
        Ok(from + found.map_or(0, |at| (at + heading.len()) as u64))
    }
}

fn failed(source: io::Error) -> ExecutionError {
    ExecutionError::Log { source }
}
