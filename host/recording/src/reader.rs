//! Reads recordings.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use spec_proto::Message;
use zstd::stream::read::Decoder;

use crate::error::{RecordingError, Result};
use crate::message::{Entry, Event, Header};
use crate::{FORMAT, MAX_ENTRY_SIZE};

/// The largest window that the compression may have used: 2 to this power, in bytes.
const MAX_WINDOW_LOG: u32 = 27;

/// Reads the entries of a recording, one after the other. No more of it is in memory than one entry.
pub struct RecordingReader<R: Read> {
    file: String,
    input: BufReader<Decoder<'static, BufReader<R>>>,
    header: Header,
    entries: u64,
    has_ended: bool,
}

impl RecordingReader<File> {
    /// Opens a file, and reads its header.
    ///
    /// # Errors
    /// When it cannot be read, or is no recording of a known format.
    pub fn open(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        match File::open(path) {
            Ok(input) => Self::new(file, input),
            Err(source) => Err(RecordingError::Read { file, source }),
        }
    }
}

impl<R: Read> RecordingReader<R> {
    /// Reads the header of a recording, which errors call `file`.
    ///
    /// # Errors
    /// As [`open`](RecordingReader::open).
    pub fn new(file: String, input: R) -> Result<Self> {
        let decoder = Decoder::new(input).and_then(|mut decoder| {
            decoder.window_log_max(MAX_WINDOW_LOG)?;
            Ok(decoder)
        });
        let decoder = match decoder {
            Ok(decoder) => decoder,
            Err(source) => return Err(RecordingError::Read { file, source }),
        };
        let input = BufReader::new(decoder);
        let mut reader = Self { file, input, header: Header::default(), entries: 0, has_ended: false };
        let why = match reader.read_entry() {
            Ok(Some(Entry { event: Some(Event::Header(header)), .. })) => {
                reader.header = header;
                return reader.check_format();
            }
            Ok(_) => "its first entry is no header".to_owned(),
            Err(RecordingError::Damaged { why, .. }) => why,
            Err(error) => return Err(error),
        };
        Err(RecordingError::NotARecording { file: reader.file, why })
    }

    fn check_format(self) -> Result<Self> {
        match self.header.format {
            FORMAT => Ok(self),
            found => Err(RecordingError::UnknownFormat { file: self.file, found, known: FORMAT }),
        }
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The name of the file, for people.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The next entry that this version knows; `None` after the end.
    ///
    /// # Errors
    /// When the recording is cut off or damaged.
    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        while !self.has_ended {
            let Some(entry) = self.read_entry()? else {
                return Err(self.cut_off());
            };
            self.has_ended = matches!(entry.event, Some(Event::End(_)));
            if entry.event.is_some() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// `None` where the stream ends between two entries.
    fn read_entry(&mut self) -> Result<Option<Entry>> {
        match self.input.fill_buf() {
            Ok([]) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(self.failed(error)),
        }
        let size = self.read_size()?;
        let mut bytes = Vec::new();
        // Memory is taken as the bytes come, and not as the file says.
        match self.input.by_ref().take(size as u64).read_to_end(&mut bytes) {
            Ok(read) if read == size => {}
            Ok(_) => return Err(self.cut_off()),
            Err(error) => return Err(self.failed(error)),
        }
        let entry = Entry::decode(bytes.as_slice()).map_err(|error| self.damaged(error.to_string()))?;
        self.entries += 1;
        Ok(Some(entry))
    }

    /// The length of the next entry.
    fn read_size(&mut self) -> Result<usize> {
        let mut size = 0;
        for shift in (0..).step_by(7).take(5) {
            let mut byte = [0];
            self.input.read_exact(&mut byte).map_err(|error| self.failed(error))?;
            size |= usize::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                let fits = size <= MAX_ENTRY_SIZE;
                return if fits { Ok(size) } else { Err(self.damaged(format!("an entry of {size} bytes"))) };
            }
        }
        Err(self.damaged("the length of an entry has more than five bytes".to_owned()))
    }

    fn failed(&self, error: io::Error) -> RecordingError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.cut_off(),
            // The decoder has no other errors of its own; those of the system have a number.
            _ if error.raw_os_error().is_none() => self.damaged(error.to_string()),
            _ => RecordingError::Read { file: self.file.clone(), source: error },
        }
    }

    fn cut_off(&self) -> RecordingError {
        RecordingError::CutOff { file: self.file.clone(), entries: self.entries }
    }

    fn damaged(&self, why: String) -> RecordingError {
        RecordingError::Damaged { file: self.file.clone(), entries: self.entries, why }
    }
}

impl<R: Read> std::fmt::Debug for RecordingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordingReader({}, {} entries)", self.file, self.entries)
    }
}
