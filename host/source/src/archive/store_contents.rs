//! Hashes and stores the files of an archive on several threads while the archive is read on.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use spec_cas::{Cas, CasError};
use spec_model::Digest;

use super::member::ContentIndex;

/// Files up to this size wait as a whole, larger ones in pieces of this size.
const PIECE: usize = 1 << 20;
/// Small files are sent to a thread in batches of this many bytes or files, because waking a thread costs more than
/// storing one of them.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_FILES: usize = 64;
/// The number of jobs in the queue.
const QUEUE: usize = 16;
/// The number of pieces of a large file in its queue.
const PIECES: usize = 4;
const THREADS: usize = 2;

enum StoreJob {
    Batch(Vec<(ContentIndex, Vec<u8>)>),
    /// A file of this many bytes; fewer are sent when the archive is cut off.
    Pieces(ContentIndex, u64, Receiver<Vec<u8>>),
}

/// Takes files and gives each a number.
pub(crate) struct ContentStorer {
    jobs: SyncSender<StoreJob>,
    count: usize,
    batch: Vec<(ContentIndex, Vec<u8>)>,
    batch_bytes: usize,
}

/// Calls `feed` with a storer and returns its result, with the digests of the stored files in the order in which they were put.
pub(crate) fn store_contents<R>(
    cas: &Cas,
    feed: impl FnOnce(&mut ContentStorer) -> R,
) -> Result<(R, Vec<Digest>), CasError> {
    let (sender, receiver) = sync_channel(QUEUE);
    let receiver = Mutex::new(receiver);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| work(cas, &receiver))).collect();
        let mut storer = ContentStorer { jobs: sender, count: 0, batch: Vec::new(), batch_bytes: 0 };
        let result = feed(&mut storer);
        let count = storer.count;
        // If sending fails, the workers' results have the error.
        let _ = storer.flush();
        drop(storer);
        let mut digests = vec![Digest::of(b""); count];
        for worker in workers {
            let stored = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            for (ContentIndex(number), digest) in stored {
                digests[number] = digest;
            }
        }
        Ok((result, digests))
    })
}

impl ContentStorer {
    /// Reads a file of `size` bytes.
    pub(crate) fn put(&mut self, size: u64, mut file: impl Read) -> io::Result<ContentIndex> {
        let content = ContentIndex(self.count);
        self.count += 1;
        if size <= PIECE as u64 {
            let bytes = piece(&mut file, size)?;
            self.batch_bytes += bytes.len();
            self.batch.push((content, bytes));
            if self.batch_bytes >= BATCH_BYTES || self.batch.len() >= BATCH_FILES {
                self.flush()?;
            }
            return Ok(content);
        }
        let (pieces, receiver) = sync_channel(PIECES);
        self.send(StoreJob::Pieces(content, size, receiver))?;
        let mut left = size;
        while left > 0 {
            let bytes = piece(&mut file, left.min(PIECE as u64))?;
            left -= bytes.len() as u64;
            pieces.send(bytes).map_err(|_| stopped())?;
        }
        Ok(content)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.batch_bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        self.send(StoreJob::Batch(batch))
    }

    fn send(&self, job: StoreJob) -> io::Result<()> {
        self.jobs.send(job).map_err(|_| stopped())
    }
}

/// The error for the reader when a worker failed; [`store_contents`] returns the worker's error.
fn stopped() -> io::Error {
    io::Error::other("the store failed")
}

fn piece(file: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(PIECE));
    file.take(size).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

fn work(cas: &Cas, jobs: &Mutex<Receiver<StoreJob>>) -> Result<Vec<(ContentIndex, Digest)>, CasError> {
    let mut stored = Vec::new();
    let mut failure = None;
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return failure.map_or(Ok(stored), Err);
        };
        // After an error the queue is only emptied, so that the sender does not block for ever.
        if failure.is_none() {
            match store(cas, job) {
                Ok(files) => stored.extend(files),
                Err(error) => failure = Some(error),
            }
        }
    }
}

/// Stores the files of a job; returns nothing for a file that was cut off.
fn store(cas: &Cas, job: StoreJob) -> Result<Vec<(ContentIndex, Digest)>, CasError> {
    let (content, size, pieces) = match job {
        StoreJob::Batch(files) => {
            return files.into_iter().map(|(content, bytes)| Ok((content, cas.put_bytes(&bytes)?))).collect();
        }
        StoreJob::Pieces(content, size, pieces) => (content, size, pieces),
    };
    let mut writer = cas.writer();
    let mut written = 0;
    for bytes in pieces {
        writer.write_all(&bytes).map_err(|source| cannot_write(cas, source))?;
        written += bytes.len() as u64;
    }
    if written == size { Ok(vec![(content, writer.finish()?)]) } else { Ok(Vec::new()) }
}

/// The store's error for a failed write of its stream.
pub(crate) fn cannot_write(cas: &Cas, source: io::Error) -> CasError {
    let path = cas.root().to_path_buf();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CasError::DiskFull { path },
        _ => CasError::Io { action: "write to", path, source },
    }
}
