//! Reads a file once: a thread hashes all of it while the caller uses it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use spec_model::{Digest, DigestHasher};

use crate::monitor::FetchMonitor;

/// Bytes of a chunk: large enough that the threads rarely synchronize, small enough for the processor's cache.
const CHUNK: usize = 512 << 10;
/// The number of chunks in the queue between the threads.
const QUEUE: usize = 16;

/// Reads a file and computes its digest.
///
/// The file is read only once, so the hashed bytes are those that the reader gets.
pub(crate) struct HashingReader {
    chunks: Option<Receiver<Arc<Vec<u8>>>>,
    current: Arc<Vec<u8>>,
    at: usize,
    taken: Arc<AtomicU64>,
    hasher: Option<JoinHandle<io::Result<Digest>>>,
}

impl HashingReader {
    /// Starts to read `input`, of `total` bytes if that is known.
    pub(crate) fn new(input: impl Read + Send + 'static, total: Option<u64>, monitor: &FetchMonitor) -> Self {
        let (sender, receiver) = sync_channel(QUEUE);
        let monitor = monitor.clone();
        let hasher = std::thread::spawn(move || hash(input, sender, total, &monitor));
        Self {
            chunks: Some(receiver),
            current: Arc::default(),
            at: 0,
            taken: Arc::default(),
            hasher: Some(hasher),
        }
    }

    /// Counts the bytes that the caller has taken.
    pub(crate) fn taken(&self) -> Arc<AtomicU64> {
        self.taken.clone()
    }

    /// The digest of the whole file, including the bytes that the caller did not read.
    ///
    /// # Errors
    /// When the file could not be read to its end, or the monitor was cancelled ([`io::ErrorKind::Interrupted`]).
    pub(crate) fn finish(mut self) -> io::Result<Digest> {
        self.chunks = None;
        let hasher = self.hasher.take().expect("only this method takes it, and it takes self");
        hasher.join().unwrap_or_else(|_| Err(io::Error::other("the thread that reads it failed")))
    }
}

impl Read for HashingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.current.len() {
            let Some(chunk) = self.chunks.as_ref().and_then(|chunks| chunks.recv().ok()) else {
                return Ok(0);
            };
            self.current = chunk;
            self.at = 0;
        }
        let count = buffer.len().min(self.current.len() - self.at);
        buffer[..count].copy_from_slice(&self.current[self.at..self.at + count]);
        self.at += count;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn hash(
    mut input: impl Read,
    sender: SyncSender<Arc<Vec<u8>>>,
    total: Option<u64>,
    monitor: &FetchMonitor,
) -> io::Result<Digest> {
    let mut sender = Some(sender);
    let mut hasher = DigestHasher::new();
    let mut done = 0;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        input.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
        if monitor.cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if chunk.is_empty() {
            return Ok(hasher.finish());
        }
        let chunk = Arc::new(chunk);
        if sender.as_ref().is_some_and(|sender| sender.send(chunk.clone()).is_err()) {
            sender = None;
        }
        hasher.update(&chunk);
        done += chunk.len() as u64;
        monitor.report(done, total);
    }
}

#[cfg(test)]
mod tests;
