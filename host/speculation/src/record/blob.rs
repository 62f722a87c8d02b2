//! Records as blobs: the message that `Artifact.speculative_actions` names.

use spec_cas::Cas;
use spec_model::Digest;
use spec_proto::Message;
use spec_proto::buildstream::v2::SpeculativeActions;

use super::{Record, from_proto, known, to_proto};
use crate::error::{Result, SpeculationError};

/// No record is larger; one that says so wants us to fill our memory.
pub(super) const LARGEST: u64 = 256 << 20;

impl Record {
    /// The bytes of the record in compact form: a `buildstream.v2.SpeculativeActions`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let compact = Some(to_proto::compact(self));
        SpeculativeActions { compact, ..SpeculativeActions::default() }.encode_to_vec()
    }

    /// Stores the record in compact form. The digest goes into the artifact, which is stored under both keys at once.
    ///
    /// # Errors
    /// When the store fails.
    pub fn store(&self, cas: &Cas) -> Result<Digest> {
        Ok(cas.put_bytes(&self.encode())?)
    }

    /// The stored record of the element with this full name, in compact or in the known form.
    ///
    /// # Errors
    /// `speculation-bad-record`; `cas-missing`, or when the store fails.
    pub fn load(cas: &Cas, digest: &Digest, element: &str) -> Result<Self> {
        let bad = |why: String| SpeculationError::BadRecord { digest: *digest, why };
        if digest.size() > LARGEST {
            return Err(bad(format!("it is larger than {LARGEST} bytes")));
        }
        let bytes = cas.get(digest)?;
        let mut message = SpeculativeActions::decode(&*bytes).map_err(|error| bad(error.to_string()))?;
        match message.compact.take() {
            Some(compact) => from_proto::record(compact).map_err(bad),
            None => known::read(cas, message, element)?.map_err(bad),
        }
    }

    /// Stores the record in the known form, for other tools: overlays of files by digest. What that form has no place
    /// for is left out: generated inputs, symbolic links, platforms, outputs and times.
    ///
    /// # Errors
    /// When the store fails.
    pub fn store_known(&self, cas: &Cas) -> Result<Digest> {
        let message = known::write(cas, self)?;
        Ok(cas.put_bytes(&message.encode_to_vec())?)
    }
}
