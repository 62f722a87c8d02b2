//! What a command writes to its standard streams, through a pipe.
//!
//! The command has the writing end and nothing else: it can neither read back nor cut nor change the mode of what the
//! host keeps.

use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const BUFFER: usize = 32 << 10;

/// A pipe out of a sandbox and where its content goes. One stream may serve standard output and standard error, whose
/// order is kept then. [`crate::Running::read_until`] does the work.
#[derive(Debug)]
pub struct OutputPipe<W> {
    sink: W,
    /// Absent once all writers are gone.
    reader: Option<OwnedFd>,
}

impl<W: Write> OutputPipe<W> {
    /// A stream into `sink`, and the end to give to a command, as [`crate::OutputTarget::Fd`].
    ///
    /// # Errors
    /// When the process or the user has too many pipes.
    pub fn new(sink: W) -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        // Only this end: the flag belongs to it alone.
        rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK)?;
        Ok((Self { sink, reader: Some(reader) }, writer))
    }

    /// Where the content goes.
    pub fn sink(&self) -> &W {
        &self.sink
    }

    /// Where the content went.
    pub fn into_sink(self) -> W {
        self.sink
    }

    pub(crate) fn reader(&self) -> Option<BorrowedFd<'_>> {
        self.reader.as_ref().map(AsFd::as_fd)
    }

    /// Takes what is in the pipe now, however much is written meanwhile.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        let Some(reader) = &self.reader else { return Ok(()) };
        let mut left = rustix::io::ioctl_fionread(reader)?;
        while left > 0 {
            match self.read()? {
                0 => break,
                got => left = left.saturating_sub(got as u64),
            }
        }
        Ok(())
    }

    /// Takes a part of what is in the pipe; how many bytes.
    pub(crate) fn read(&mut self) -> io::Result<usize> {
        let Some(reader) = &self.reader else { return Ok(0) };
        let mut buffer = [0; BUFFER];
        match rustix::io::read(reader, &mut buffer) {
            Ok(0) => self.reader = None,
            Ok(got) => {
                self.sink.write_all(&buffer[..got])?;
                return Ok(got);
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(0)
    }
}
