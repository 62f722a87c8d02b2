//! Reads what a command writes to its standard streams through a pipe.
//!
//! The command has only the writing end, so it can neither read nor truncate the file that the host keeps, nor change
//! its mode.

use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const BUFFER: usize = 32 << 10;

/// A pipe from a sandbox and its sink. One pipe may serve standard output and standard error; then their order is
/// kept. [`crate::Running::read_until`] does the work.
#[derive(Debug)]
pub struct OutputPipe<W> {
    sink: W,
    /// `None` once all writers have closed it.
    reader: Option<OwnedFd>,
}

impl<W: Write> OutputPipe<W> {
    /// A pipe into `sink`, and its writing end for a command, as [`crate::OutputTarget::Fd`].
    ///
    /// # Errors
    /// When the process or the user has too many pipes.
    pub fn new(sink: W) -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        // Only this end becomes non-blocking, since both ends have flags of their own.
        rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK)?;
        Ok((Self { sink, reader: Some(reader) }, writer))
    }

    /// The sink.
    pub fn sink(&self) -> &W {
        &self.sink
    }

    /// The sink, at the end.
    pub fn into_sink(self) -> W {
        self.sink
    }

    pub(crate) fn reader(&self) -> Option<BorrowedFd<'_>> {
        self.reader.as_ref().map(AsFd::as_fd)
    }

    /// Takes what is in the pipe now, but not what is written meanwhile without end.
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

    /// Takes a part of what is in the pipe; returns the number of bytes.
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
