//! Records of artifacts that somebody else sent.

use spec_proto::{Message, buildstream::v2 as proto};

use crate::artifact::Artifact;
use crate::from_proto;
use crate::name::ArtifactName;
use crate::to_proto;

/// The record of an artifact that somebody else sent, found to be what was asked for. Its bytes stay as they are: they may
/// have fields that we do not know.
#[derive(Clone, Debug)]
pub struct ReceivedRecord {
    name: ArtifactName,
    bytes: Vec<u8>,
    artifact: Artifact,
}

/// Bytes that are not the record of the artifact that was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("it is not the record of {name}: {why}")]
pub struct WrongRecord {
    name: String,
    why: String,
}

impl ReceivedRecord {
    /// Checks that `bytes` are the record of the artifact of that name.
    ///
    /// # Errors
    /// When they cannot be read, have another format, or are the record of an artifact with other keys.
    pub fn check(name: &ArtifactName, bytes: Vec<u8>) -> Result<Self, WrongRecord> {
        let wrong = |why: String| WrongRecord { name: name.to_string(), why };
        let message = proto::Artifact::decode(&*bytes).map_err(|error| wrong(error.to_string()))?;
        if message.version != to_proto::VERSION {
            let known = to_proto::VERSION;
            return Err(wrong(format!("it has format {}, expected {known}", message.version)));
        }
        let artifact = from_proto::artifact(message).map_err(|error| wrong(error.to_string()))?;
        let keys = artifact.keys;
        if name.key() != keys.strong && name.key() != keys.weak {
            return Err(wrong(format!("its keys are {} and {}", keys.strong, keys.weak)));
        }
        let described = artifact.key_description.map(|text| text.hex());
        if described.is_some_and(|hex| hex != keys.strong.to_string()) {
            return Err(wrong("its key is not the hash of its description".to_owned()));
        }
        Ok(Self { name: name.clone(), bytes, artifact })
    }

    /// The artifact.
    #[must_use]
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// The names that it is known by, the weak one first: whoever finds the strong one finds both.
    pub(crate) fn names(&self) -> Vec<String> {
        let keys = [self.artifact.keys.weak, self.artifact.keys.strong];
        let mut names = keys.map(|key| self.name.with_key(key).to_string()).to_vec();
        names.dedup();
        names
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests;
