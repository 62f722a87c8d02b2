//! Uploads by their names, so that a client whose connection broke can go on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::options::Limits;
use crate::refusal::Refusal;
use crate::upload::Upload;

/// All uploads that run, and a bounded number of interrupted ones.
#[derive(Clone)]
pub(crate) struct Uploads {
    names: Arc<Mutex<HashMap<String, State>>>,
    most_kept: usize,
    kept_for: Duration,
}

enum State {
    /// A request writes it; so many bytes have come.
    Active(u64),
    Kept {
        upload: Box<Upload>,
        since: Instant,
    },
}

/// An upload in the hands of one request. When the request goes away before the end, the upload is kept for a while;
/// when the data was wrong, it is not.
pub(crate) struct Session {
    uploads: Uploads,
    name: String,
    upload: Option<Upload>,
}

impl Uploads {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { names: Arc::default(), most_kept: limits.kept_uploads, kept_for: limits.kept_for }
    }

    /// Starts an upload, or goes on with an interrupted one from where it is.
    pub(crate) fn begin(
        &self,
        name: &str,
        offset: u64,
        fresh: impl FnOnce() -> Result<Upload, Refusal>,
    ) -> Result<Session, Refusal> {
        let mut names = self.lock();
        let upload = match names.remove(name) {
            Some(State::Active(received)) => {
                names.insert(name.to_owned(), State::Active(received));
                return Err(Refusal::Busy("another request writes this upload".to_owned()));
            }
            Some(State::Kept { upload, .. }) if upload.received() == offset && offset > 0 => *upload,
            kept if offset > 0 => {
                let at = if let Some(State::Kept { upload, .. }) = &kept { upload.received() } else { 0 };
                names.extend(kept.map(|kept| (name.to_owned(), kept)));
                let why = format!("the write is at {offset}, but {at} bytes are committed; start there");
                return Err(Refusal::WrongOffset(why));
            }
            _ => fresh()?,
        };
        names.insert(name.to_owned(), State::Active(upload.received()));
        Ok(Session { uploads: self.clone(), name: name.to_owned(), upload: Some(upload) })
    }

    /// Bytes that have come of an upload, as far as it is known.
    pub(crate) fn received(&self, name: &str) -> Option<u64> {
        self.lock().get(name).map(|state| match state {
            State::Active(received) => *received,
            State::Kept { upload, .. } => upload.received(),
        })
    }

    /// Uploads that run or are kept.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Forgets what was kept for long enough.
    pub(crate) fn sweep(&self) {
        let kept_for = self.kept_for;
        self.lock()
            .retain(|_, state| !matches!(state, State::Kept { since, .. } if since.elapsed() > kept_for));
    }

    fn keep(&self, name: String, upload: Box<Upload>) {
        let mut names = self.lock();
        names.insert(name, State::Kept { upload, since: Instant::now() });
        let kept = names.iter().filter_map(|(name, state)| match state {
            State::Kept { since, .. } => Some((*since, name)),
            State::Active(_) => None,
        });
        let kept: Vec<_> = kept.collect();
        if kept.len() > self.most_kept {
            let oldest = kept.into_iter().min().map(|(_, name)| name.clone());
            oldest.and_then(|name| names.remove(&name));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Takes the next bytes. Wrong ones end the upload.
    pub(crate) fn write(mut self, data: &[u8]) -> Result<Self, Refusal> {
        let Some(mut upload) = self.upload.take() else { return Ok(self) };
        upload.write(data)?;
        self.uploads.lock().insert(self.name.clone(), State::Active(upload.received()));
        self.upload = Some(upload);
        Ok(self)
    }

    /// Stores the blob, if it is the announced one.
    pub(crate) fn finish(mut self) -> Result<(), Refusal> {
        self.upload.take().map_or(Ok(()), Upload::finish)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        match self.upload.take().filter(|upload| upload.received() > 0) {
            Some(upload) => self.uploads.keep(name, Box::new(upload)),
            None => drop(self.uploads.lock().remove(&name)),
        }
    }
}
