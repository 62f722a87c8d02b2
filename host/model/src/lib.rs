//! The vocabulary of spec-host: digests, keys, names, trees and configuration nodes.
//!
//! Every other room speaks in these types. This crate does no IO, knows no wire format and is not async.

mod action;
mod action_result;
mod cancel;
mod canonical;
mod digest;
mod digest_function;
mod error;
mod key;
mod name;
pub mod node;
mod subaction;
pub mod tree;
mod value;

pub use action::{Action, Command, DirectoryFormat, Outputs, Platform};
pub use action_result::{
    ActionResult, ActionUsage, Captured, ExecutionMetadata, OutputDirectory, OutputFile, OutputSymlink, Span,
    SymlinkKind,
};
pub use cancel::{Cancel, CancelGuard};
pub use digest::{Digest, ParseDigestError};
pub use digest_function::{DigestFunction, DigestHasher};
pub use error::{Blame, UserError};
pub use key::{Key, KeyPair, ParseKeyError};
pub use name::{ElementName, ParseNameError};
pub use node::{Mapping, Node, NodeError, NodeKind, Place, nearest};
pub use subaction::{ActionFailure, Answered, Subaction};
pub use value::Value;
