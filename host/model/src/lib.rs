//! The vocabulary of spec-host: digests, keys, names, trees and configuration nodes.
//!
//! Every other room speaks in these types. This crate does no IO, knows no wire format and is not async.

mod cancel;
mod canonical;
mod digest;
mod error;
mod key;
mod name;
pub mod node;
pub mod tree;
mod value;

pub use cancel::{Cancel, CancelGuard};
pub use digest::{Digest, DigestHasher, ParseDigestError};
pub use error::UserError;
pub use key::{Key, KeyPair, ParseKeyError};
pub use name::{ElementName, ParseNameError};
pub use node::{Mapping, Node, NodeError, NodeKind, Place, nearest};
pub use value::Value;
