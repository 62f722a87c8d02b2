//! Artifacts: the results of builds, stored under their keys, and the parts of an element's public data that this
//! program reads.
//!
//! [`Artifacts`] is the store of `buildstream.v2.Artifact` records over the CAS; [`Artifact`] is one record in our
//! own terms. Records are byte-compatible with BuildStream 2, so both tools can share them. [`SplitRules`] selects
//! files of an artifact, [`staging_warnings`] reports overlaps of artifacts that were staged together.
//!
//! The crate does not read YAML: the metadata files that a record refers to are bytes here.

mod artifact;
mod contents;
mod error;
mod from_proto;
#[cfg(fuzzing)]
pub mod fuzzing;
mod name;
mod overlap;
mod public_data;
mod received;
mod split;
mod store;
mod to_proto;
mod warning;

pub use artifact::{
    Artifact, ArtifactDraft, ArtifactKeys, ArtifactTrees, BuildDependency, Log, LogDraft, Outcome,
    SandboxState,
};
pub use contents::{ContentEntry, ContentKind};
pub use error::ArtifactError;
pub use name::{ArtifactName, ParseArtifactNameError};
pub use overlap::{StagedElement, StagingSession, staging_warnings};
pub use public_data::{OverlapWhitelist, integration_commands};
pub use received::{ReceivedRecord, WrongRecord};
pub use split::{SplitFilter, SplitRules};
pub use store::{Artifacts, decode_record};
pub use warning::{OverlappedFile, SessionOverlap, StagingWarning};
