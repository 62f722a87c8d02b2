//! A connection to a server of repositories, of which lines of git's protocol are read.

use super::http_stream::HttpStream;
use super::pkt_line::{PktLine, PktLineReader};
use super::server_failure::ServerFailure;
use super::ssh_process::SshProcess;
use crate::download::Failure;

/// Takes messages to a server, and its answers.
pub(super) struct Connection<'c> {
    stream: Stream<'c>,
    reader: PktLineReader,
    bytes: u64,
}

enum Stream<'c> {
    Http(HttpStream<'c>),
    Ssh(SshProcess),
}

impl<'c> Connection<'c> {
    pub(super) fn over_http(stream: HttpStream<'c>) -> Self {
        Self { stream: Stream::Http(stream), reader: PktLineReader::default(), bytes: 0 }
    }

    pub(super) fn over_ssh(process: SshProcess) -> Self {
        Self { stream: Stream::Ssh(process), reader: PktLineReader::default(), bytes: 0 }
    }

    /// Sends a message. The lines that are read then answer it.
    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), ServerFailure> {
        (self.reader, self.bytes) = (PktLineReader::default(), 0);
        match &mut self.stream {
            Stream::Http(stream) => Ok(stream.send(message).await?),
            Stream::Ssh(process) => process.send(message).await,
        }
    }

    /// The next line; `None` at the end of an answer.
    pub(super) async fn line(&mut self) -> Result<Option<PktLine>, ServerFailure> {
        loop {
            if let Some(line) = self.reader.next()? {
                return Ok(Some(line));
            }
            let chunk = match &mut self.stream {
                Stream::Http(stream) => stream.chunk(self.bytes).await?,
                Stream::Ssh(process) => Some(process.chunk().await?),
            };
            match chunk {
                Some(chunk) => {
                    self.bytes += chunk.len() as u64;
                    self.reader.push(&chunk);
                }
                None if self.reader.is_empty() => return Ok(None),
                None => {
                    let why = format!("it broke off after {} bytes", self.bytes);
                    return Err(Failure::Transient(why).into());
                }
            }
        }
    }

    /// Tells the server that nothing more will be asked.
    pub(super) async fn close(self) {
        if let Stream::Ssh(process) = self.stream {
            process.finish().await;
        }
    }
}
