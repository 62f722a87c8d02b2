//! Uploads of `ByteStream.Write`, by resource name, so that a client whose connection broke can resume one.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use spec_cas::{BlobWriter, Cas, CasError};
use spec_model::Digest;
use zstd::stream::write::Decoder;

use crate::options::Limits;
use crate::request_error::RequestError;
use crate::zstd_blob;

/// All uploads in progress, and a limited number of interrupted ones.
#[derive(Clone)]
pub(crate) struct Uploads {
    by_name: Arc<Mutex<HashMap<String, UploadState>>>,
    max_interrupted: usize,
    keep_for: Duration,
}

enum UploadState {
    /// A request writes it; the number of bytes received.
    InProgress(u64),
    Interrupted {
        upload: Box<Upload>,
        since: Instant,
    },
}

/// An upload that one request writes. If the request ends before the upload is complete, the upload is kept for a while; if
/// the data was wrong, it is not.
pub(crate) struct ActiveUpload {
    uploads: Uploads,
    name: String,
    upload: Option<Upload>,
}

impl Uploads {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            by_name: Arc::default(),
            max_interrupted: limits.interrupted_uploads,
            keep_for: limits.keep_uploads_for,
        }
    }

    /// Starts an upload, or resumes an interrupted one at the offset where it ended.
    pub(crate) fn begin(
        &self,
        name: &str,
        offset: u64,
        fresh: impl FnOnce() -> Result<Upload, RequestError>,
    ) -> Result<ActiveUpload, RequestError> {
        let mut by_name = self.lock();
        let upload = match by_name.remove(name) {
            Some(UploadState::InProgress(received)) => {
                by_name.insert(name.to_owned(), UploadState::InProgress(received));
                return Err(RequestError::Busy("another request is writing this upload".to_owned()));
            }
            Some(UploadState::Interrupted { upload, .. }) if upload.received() == offset && offset > 0 => {
                *upload
            }
            kept if offset > 0 => {
                let at = if let Some(UploadState::Interrupted { upload, .. }) = &kept {
                    upload.received()
                } else {
                    0
                };
                by_name.extend(kept.map(|kept| (name.to_owned(), kept)));
                let why = format!("the write starts at {offset}, but {at} bytes are committed");
                return Err(RequestError::WrongOffset(why));
            }
            _ => fresh()?,
        };
        by_name.insert(name.to_owned(), UploadState::InProgress(upload.received()));
        Ok(ActiveUpload { uploads: self.clone(), name: name.to_owned(), upload: Some(upload) })
    }

    /// The number of bytes received of an upload; `None` when the upload is not known.
    pub(crate) fn received(&self, name: &str) -> Option<u64> {
        self.lock().get(name).map(|state| match state {
            UploadState::InProgress(received) => *received,
            UploadState::Interrupted { upload, .. } => upload.received(),
        })
    }

    /// The number of uploads in progress and interrupted.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Removes old interrupted uploads.
    pub(crate) fn sweep(&self) {
        let keep_for = self.keep_for;
        self.lock().retain(
            |_, state| !matches!(state, UploadState::Interrupted { since, .. } if since.elapsed() > keep_for),
        );
    }

    fn keep(&self, name: String, upload: Box<Upload>) {
        let mut by_name = self.lock();
        by_name.insert(name, UploadState::Interrupted { upload, since: Instant::now() });
        let kept = by_name.iter().filter_map(|(name, state)| match state {
            UploadState::Interrupted { since, .. } => Some((*since, name)),
            UploadState::InProgress(_) => None,
        });
        let kept: Vec<_> = kept.collect();
        if kept.len() > self.max_interrupted {
            let oldest = kept.into_iter().min().map(|(_, name)| name.clone());
            oldest.and_then(|name| by_name.remove(&name));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, UploadState>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ActiveUpload {
    /// Writes the next bytes. Wrong data ends the upload.
    pub(crate) fn write(mut self, data: &[u8]) -> Result<Self, RequestError> {
        let Some(mut upload) = self.upload.take() else { return Ok(self) };
        upload.write(data)?;
        self.uploads.lock().insert(self.name.clone(), UploadState::InProgress(upload.received()));
        self.upload = Some(upload);
        Ok(self)
    }

    /// Stores the blob if it has the announced digest.
    pub(crate) fn finish(mut self) -> Result<(), RequestError> {
        self.upload.take().map_or(Ok(()), Upload::finish)
    }
}

impl Drop for ActiveUpload {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        match self.upload.take().filter(|upload| upload.received() > 0) {
            Some(upload) => self.uploads.keep(name, Box::new(upload)),
            None => drop(self.uploads.lock().remove(&name)),
        }
    }
}

/// A blob of which some bytes were received. It is not visible in the store before [`finish`](Self::finish).
pub(crate) struct Upload {
    cas: Cas,
    digest: Digest,
    sink: UploadSink,
    received: u64,
}

enum UploadSink {
    Plain(Box<BoundedWriter>),
    Zstd(Box<Decoder<'static, BoundedWriter>>),
}

impl Upload {
    pub(crate) fn new(cas: &Cas, digest: Digest, zstd: bool) -> Result<Self, RequestError> {
        let bounded = BoundedWriter { writer: cas.writer_with_size(digest.size()), left: digest.size() };
        let sink = match zstd {
            false => UploadSink::Plain(Box::new(bounded)),
            true => {
                let decoder = zstd_blob::decoder(bounded);
                UploadSink::Zstd(Box::new(
                    decoder.map_err(|error| RequestError::failed("cannot decompress", "zstd", error))?,
                ))
            }
        };
        Ok(Self { cas: cas.clone(), digest, sink, received: 0 })
    }

    /// The number of bytes received, as they were in the stream.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn write(&mut self, data: &[u8]) -> Result<(), RequestError> {
        let written = match &mut self.sink {
            UploadSink::Plain(bounded) => bounded.write_all(data),
            UploadSink::Zstd(decoder) => decoder.write_all(data),
        };
        written.map_err(|error| self.write_error(error))?;
        self.received += data.len() as u64;
        Ok(())
    }

    /// Stores the blob if it has the announced digest.
    pub(crate) fn finish(mut self) -> Result<(), RequestError> {
        if let UploadSink::Zstd(decoder) = &mut self.sink {
            let flushed = decoder.flush();
            flushed.map_err(|error| self.write_error(error))?;
        }
        let bounded = match self.sink {
            UploadSink::Plain(bounded) => *bounded,
            UploadSink::Zstd(decoder) => decoder.into_inner(),
        };
        if bounded.left > 0 {
            let (got, digest) = (bounded.writer.written(), self.digest);
            return Err(RequestError::Invalid(format!(
                "{got} bytes were received for {digest}; nothing was stored"
            )));
        }
        Ok(bounded.writer.finish_expecting(&self.digest)?)
    }

    /// The error of a write: errors of the system are the server's, all others are about the data.
    fn write_error(&self, error: io::Error) -> RequestError {
        let is_internal =
            error.raw_os_error().is_some() || error.get_ref().is_some_and(|inner| inner.is::<CasError>());
        match is_internal {
            true => CasError::writing(self.cas.root(), error).into(),
            false => RequestError::Invalid(format!("the data for {} is invalid: {error}", self.digest)),
        }
    }
}

/// Writes at most the announced number of bytes.
struct BoundedWriter {
    writer: BlobWriter,
    left: u64,
}

impl Write for BoundedWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.len() as u64 > self.left {
            return Err(io::Error::other("it is longer than announced"));
        }
        let count = self.writer.write(data)?;
        self.left -= count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
