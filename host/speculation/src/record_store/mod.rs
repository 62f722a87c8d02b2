//! Stores and loads records as blobs: the `buildstream.v2.SpeculativeActions` that an artifact names.

mod needs;
#[cfg(test)]
mod tests;
mod upstream_format;

use std::str::FromStr;

use spec_cas::Cas;
use spec_model::Digest;
use spec_proto::Message;
use spec_proto::buildstream::v2::SpeculativeActions;

use crate::error::{Result, SpeculationError};
use crate::packed_messages::store_messages;
use crate::record::{Record, from_proto, to_proto};

pub use needs::record_needs;

use needs::MAX_RECORD_SIZE;

/// How records are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordFormat {
    /// The field `compact` alone, which BuildStream does not read.
    #[default]
    Compact,
    /// `compact`, and the fields that the BuildStream prototype of speculative actions reads. These have no place for
    /// generated inputs, symbolic links, platform trees, outputs and times.
    Upstream,
}

impl RecordFormat {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Compact, Self::Upstream];

    /// The name in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Upstream => "upstream",
        }
    }
}

impl FromStr for RecordFormat {
    type Err = ParseRecordFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|format| format.as_str() == text);
        named.ok_or_else(|| ParseRecordFormatError(text.to_owned()))
    }
}

/// A text that is not the name of a format.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not a format of records; expected compact or upstream")]
pub struct ParseRecordFormatError(String);

impl Record {
    /// The bytes of the record in compact form.
    #[must_use]
    pub fn encode_compact(&self) -> Vec<u8> {
        let compact = Some(to_proto::compact(self));
        SpeculativeActions { compact, ..SpeculativeActions::default() }.encode_to_vec()
    }

    /// The record of these bytes, or what is wrong with them.
    ///
    /// # Errors
    /// When they are not those of a record in compact form.
    pub fn decode_compact(bytes: &[u8]) -> std::result::Result<Self, String> {
        let message = SpeculativeActions::decode(bytes).map_err(|error| error.to_string())?;
        from_proto::record(message.compact.ok_or("it has no compact form")?)
    }

    /// Stores the record as a blob, which the artifact names.
    ///
    /// # Errors
    /// When the store fails.
    pub fn store(&self, cas: &Cas, format: RecordFormat) -> Result<Digest> {
        let other_fields = match format {
            RecordFormat::Compact => SpeculativeActions::default(),
            RecordFormat::Upstream => upstream_format::write(cas, self)?,
        };
        let compact = Some(to_proto::compact(self));
        Ok(cas.put_bytes(&SpeculativeActions { compact, ..other_fields }.encode_to_vec())?)
    }

    /// As [`store`](Self::store), and stores the messages that the actions need as another blob, which the record names, for
    /// machines that will pull it.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn store_packed(&self, cas: &Cas, format: RecordFormat) -> Result<Digest> {
        let messages = store_messages(cas, self)?;
        Self { messages, ..self.clone() }.store(cas, format)
    }

    /// Loads the record of the element with this full name, whichever format it has.
    ///
    /// # Errors
    /// `speculation-bad-record`; `cas-missing`, or when the store fails.
    pub fn load(cas: &Cas, digest: &Digest, element: &str) -> Result<Self> {
        let bad = |why: String| SpeculationError::BadRecord { digest: *digest, why };
        if digest.size() > MAX_RECORD_SIZE {
            return Err(bad(format!("it is larger than {MAX_RECORD_SIZE} bytes")));
        }
        let bytes = cas.get(digest)?;
        let mut message = SpeculativeActions::decode(&*bytes).map_err(|error| bad(error.to_string()))?;
        match message.compact.take() {
            Some(compact) => from_proto::record(compact).map_err(bad),
            None => upstream_format::read(cas, message, element)?.map_err(bad),
        }
    }
}
