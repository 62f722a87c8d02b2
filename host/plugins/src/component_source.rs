//! Where components are read from: files, and the program itself.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use spec_model::Digest;

use crate::Limits;
use crate::embedded::EmbeddedComponent;
use crate::failure::{PluginFailure, PluginName};

/// Where a component is read from.
pub(crate) enum ComponentSource {
    File(PathBuf),
    Embedded(EmbeddedComponent),
}

/// What distinguishes a component from others.
#[derive(PartialEq, Eq, Hash)]
pub(crate) enum ComponentId {
    File(PathBuf),
    /// The SHA-256 of its bytes.
    Embedded(&'static str),
}

impl ComponentSource {
    /// How errors name the component.
    pub(crate) fn plugin_name(&self, name: &str) -> PluginName {
        PluginName(match self {
            Self::File(file) => format!("{name} ({})", file.display()),
            Self::Embedded(_) => format!("{name} (built in)"),
        })
    }

    /// What distinguishes it from others.
    pub(crate) fn id(&self) -> ComponentId {
        match self {
            Self::File(file) => ComponentId::File(file.clone()),
            Self::Embedded(component) => ComponentId::Embedded(component.sha256),
        }
    }

    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub(crate) fn sha256(&self, bytes: &[u8]) -> String {
        match self {
            Self::File(_) => Digest::of(bytes).hex(),
            Self::Embedded(component) => component.sha256.to_owned(),
        }
    }

    /// Reads its bytes.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Cow<'static, [u8]>, PluginFailure> {
        match self {
            Self::Embedded(component) => Ok(component.bytes.into()),
            Self::File(file) => read_file(file, limits.component).map(Into::into),
        }
    }
}

fn read_file(file: &Path, max: u64) -> Result<Vec<u8>, PluginFailure> {
    spec_files::read(file, max).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => {
            let message = format!("the file is larger than the limit of {max} bytes");
            PluginFailure::plugin("plugin-too-large", message).hint("build a smaller component")
        }
        _ => PluginFailure::plugin("plugin-unreadable", format!("the file cannot be read: {error}"))
            .hint("check its name"),
    })
}
