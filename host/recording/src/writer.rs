//! Writes recordings.

use std::io::{self, Write};

use spec_proto::Message;
use zstd::stream::write::Encoder;

use crate::message::Entry;

/// A fast level: most of a recording are texts and digests that occur often.
const LEVEL: i32 = 1;

/// Writes the entries of a recording, compressed.
pub struct RecordingWriter<W: Write> {
    encoder: Encoder<'static, W>,
    buffer: Vec<u8>,
}

impl<W: Write> RecordingWriter<W> {
    /// A recording without entries. The first must have the header.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new(out: W) -> io::Result<Self> {
        Ok(Self { encoder: Encoder::new(out, LEVEL)?, buffer: Vec::new() })
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        self.buffer.clear();
        // A vector takes any number of bytes.
        entry.encode_length_delimited(&mut self.buffer).map_err(io::Error::other)?;
        self.encoder.write_all(&self.buffer)
    }

    /// Ends the recording, and returns what it was written to. The last entry must have the end.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(self) -> io::Result<W> {
        self.encoder.finish()
    }
}

impl<W: Write> std::fmt::Debug for RecordingWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecordingWriter")
    }
}
