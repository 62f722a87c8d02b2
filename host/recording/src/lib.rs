//! Recordings of sessions: a file with everything that a policy could have wanted to know, in the order in which it became
//! known, so that policies can be tried on it.
//!
//! A session has a [`SessionRecorder`], whose thread writes the events through a [`RecordingWriter`]. A
//! [`RecordingReader`] reads them one after the other. The [messages](message) are the format, which other programs read,
//! too: `docs/recording.md` describes it. This crate knows no policies and no records; numbers in messages are not checked
//! here.

mod digests;
mod error;
mod reader;
mod recorder;
mod writer;

pub use digests::{digest, digest_message};
pub use error::{RecordingError, Result};
pub use reader::RecordingReader;
pub use recorder::{RecorderReport, SessionRecorder};
pub use writer::RecordingWriter;

/// The messages of a recording.
pub mod message {
    pub use spec_proto::spec_host::recording::v1::*;

    pub use self::entry::Event;
}

/// The version of the format that is written.
pub const FORMAT: u32 = 1;

/// The largest encoded entry, in bytes.
pub const MAX_ENTRY_SIZE: usize = 64 << 20;
