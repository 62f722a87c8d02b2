//! The vocabulary of spec-host: digests, keys, names, trees and configuration nodes.
//!
//! Every other room speaks in these types. This crate does no IO, knows no wire format and is not async.

mod action;
mod action_result;
mod cancel;
mod canonical;
mod digest;
mod digest_function;
mod domain_selection;
mod error;
mod file_position;
mod glob;
mod host_variables;
mod key;
mod known_kinds;
mod layer_form;
mod name;
pub mod node;
mod plugin_origin;
mod python_package;
mod source_key;
mod staged_layer;
mod subaction;
mod suggestion;
pub mod tree;
mod value;
mod version_guess;

pub use action::{Action, Command, DirectoryFormat, Outputs, Platform};
pub use action_result::{
    ActionResult, ActionUsage, ExecutionMetadata, OutputDirectory, OutputFile, OutputSymlink, StreamOutput,
    SymlinkKind, TimeSpan,
};
pub use cancel::{Cancel, CancelGuard};
pub use digest::{Digest, ParseDigestError};
pub use digest_function::{DigestFunction, DigestHasher};
pub use domain_selection::DomainSelection;
pub use error::{Blame, UserError, limit_hint};
pub use glob::{GlobError, Globs};
pub use host_variables::expand_variables;
pub use key::{Key, KeyHasher, KeyPair, ParseKeyError};
pub use known_kinds::{KnownKinds, KnownTexts};
pub use layer_form::LayerForm;
pub use name::{ElementName, ParseNameError};
pub use node::{Entries, FileName, FilePosition, Mapping, Node, NodeError, NodeKind};
pub use plugin_origin::{
    FolderPlugin, PackageRequirement, PluginJunction, PluginOrigin, PythonText, StatedText,
};
pub use python_package::{
    BUILDSTREAM_PLUGINS, BUILDSTREAM_PLUGINS_COMMUNITY, KindWords, PackagedKinds, PythonPackage,
};
pub use source_key::{SourceKey, UniqueKey};
pub use staged_layer::{StagedLayer, StagedLayerKind};
pub use subaction::{ActionFailure, AnswerSource, Subaction};
pub use suggestion::nearest;
pub use value::Value;
pub use version_guess::guess_version;
