//! Records a session: takes events from all its threads, and writes them on a thread of its own.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{RecordingError, Result};
use crate::message::{End, Entry, Event};
use crate::writer::RecordingWriter;

/// The number of events that wait to be written.
const MAX_WAITING: usize = 16_384;
/// How long all events of a session together may wait for room in the channel. Later ones are dropped then.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(1);

/// Records a session, or nothing. A clone records the same session. Events are made on the thread that writes them, so that
/// the session only pays for what it hands over.
#[derive(Clone, Default)]
pub struct SessionRecorder(Option<Arc<RecorderThread>>);

/// What came of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecorderReport {
    /// The number of events that were recorded before the end.
    pub events: u64,
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// Events that are missing, since they came faster than they could be written.
    pub dropped: u64,
}

impl RecorderReport {
    /// Whether something was recorded, and nothing is missing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.events > 0 && self.dropped == 0
    }
}

struct RecorderThread {
    file: String,
    began: (Instant, SystemTime),
    items: SyncSender<Item>,
    dropped: AtomicU64,
    /// The pauses that are left of [`PATIENCE`].
    pauses: AtomicU64,
    thread: Mutex<Option<WriterThread>>,
}

/// Ends with the numbers of events and of bytes that it wrote.
type WriterThread = JoinHandle<io::Result<(u64, u64)>>;

enum Item {
    Event { time_us: u64, make: Box<dyn FnOnce() -> Event + Send> },
    Finish,
}

impl SessionRecorder {
    /// Begins to record a session into a new file, which replaces one of the same name.
    ///
    /// # Errors
    /// When the file cannot be made, or there is no thread.
    pub fn start(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let failed = |source| RecordingError::Write { file: name.clone(), source };
        let writer = RecordingWriter::new(File::create(path).map_err(failed)?).map_err(failed)?;
        let (items, receiver) = sync_channel(MAX_WAITING);
        let thread = std::thread::Builder::new().name("session-recorder".to_owned());
        let thread = thread.spawn(move || write(writer, &receiver)).map_err(failed)?;
        Ok(Self(Some(Arc::new(RecorderThread {
            file: name,
            began: (Instant::now(), SystemTime::now()),
            items,
            dropped: AtomicU64::new(0),
            pauses: AtomicU64::new(PATIENCE.div_duration_f64(PAUSE) as u64),
            thread: Mutex::new(Some(thread)),
        }))))
    }

    /// Whether it records.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Records an event of now. `make` is called by the thread that writes.
    pub fn record(&self, make: impl FnOnce() -> Event + Send + 'static) {
        if let Some(thread) = &self.0 {
            let time_us = micros(thread.began.0.elapsed());
            thread.send(Item::Event { time_us, make: Box::new(make) });
        }
    }

    /// A time in microseconds since the session began; 0 for times before that.
    #[must_use]
    pub fn time_us(&self, time: SystemTime) -> u64 {
        let began = self.0.as_ref().map_or(SystemTime::UNIX_EPOCH, |thread| thread.began.1);
        micros(time.duration_since(began).unwrap_or_default())
    }

    /// When the session began, in microseconds since 1970.
    #[must_use]
    pub fn start_unix_us(&self) -> u64 {
        let began = self.0.as_ref().map_or(SystemTime::UNIX_EPOCH, |thread| thread.began.1);
        micros(began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    /// Ends the recording, and waits until it is written. Later events are not recorded. `None` when nothing was recorded, or
    /// when it has ended before.
    ///
    /// # Errors
    /// When the file could not be written.
    pub fn finish(&self) -> Result<Option<RecorderReport>> {
        let Some(recorder) = &self.0 else { return Ok(None) };
        let Some(thread) = recorder.take_thread() else { return Ok(None) };
        let dropped = recorder.dropped.load(Ordering::Relaxed);
        self.record(move || Event::End(End { dropped }));
        // It waits for the disk, and then takes the item, or has ended.
        let _ = recorder.items.send(Item::Finish);
        let written = thread.join().unwrap_or_else(|_| Err(io::Error::other("its thread panicked")));
        match written {
            Ok((entries, bytes)) => {
                let events = entries.saturating_sub(1);
                Ok(Some(RecorderReport { events, bytes, dropped }))
            }
            Err(source) => Err(RecordingError::Write { file: recorder.file.clone(), source }),
        }
    }
}

impl RecorderThread {
    fn take_thread(&self) -> Option<JoinHandle<io::Result<(u64, u64)>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn send(&self, mut item: Item) {
        loop {
            match self.items.try_send(item) {
                Ok(()) | Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(back)) => item = back,
            }
            let left =
                self.pauses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            if left.is_err() {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for RecorderThread {
    fn drop(&mut self) {
        if let Some(thread) = self.take_thread() {
            let _ = self.items.send(Item::Finish);
            let _ = thread.join();
        }
    }
}

/// Writes what comes until the recording is finished, and returns the number of entries and the size of the file.
fn write(mut writer: RecordingWriter<File>, items: &Receiver<Item>) -> io::Result<(u64, u64)> {
    let mut entries = 0;
    while let Ok(Item::Event { time_us, make }) = items.recv() {
        writer.write(&Entry { time_us, event: Some(make()) })?;
        entries += 1;
    }
    Ok((entries, writer.finish()?.metadata()?.len()))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl std::fmt::Debug for SessionRecorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionRecorder({:?})", self.0.as_ref().map(|thread| &thread.file))
    }
}
