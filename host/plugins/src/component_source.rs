//! Where components are read from: files, and the program itself.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use crate::Limits;
use crate::failure::{PluginFailure, PluginName};

/// Where a component is read from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum ComponentSource {
    File(PathBuf),
    Embedded(&'static [u8]),
}

impl ComponentSource {
    /// How errors name the component.
    pub(crate) fn plugin_name(&self, name: &str) -> PluginName {
        PluginName(match self {
            Self::File(file) => format!("{name} ({})", file.display()),
            Self::Embedded(_) => format!("{name} (built in)"),
        })
    }

    /// Reads its bytes.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Cow<'static, [u8]>, PluginFailure> {
        match self {
            Self::Embedded(bytes) => Ok((*bytes).into()),
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
