//! Where the bytes of a component come from.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use crate::Limits;
use crate::failure::{Failure, PluginName};

/// Where a component comes from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    File(PathBuf),
    Embedded(&'static [u8]),
}

impl Source {
    /// How errors name the component of that name.
    pub(crate) fn plugin_name(&self, name: &str) -> PluginName {
        PluginName(match self {
            Self::File(file) => format!("{name} ({})", file.display()),
            Self::Embedded(_) => format!("{name} (built in)"),
        })
    }

    /// Its bytes.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Cow<'static, [u8]>, Failure> {
        match self {
            Self::Embedded(bytes) => Ok((*bytes).into()),
            Self::File(file) => read_file(file, limits.component).map(Into::into),
        }
    }
}

fn read_file(file: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    spec_files::read(file, most).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => {
            let message = format!("the file is larger than {most} bytes; build the component smaller");
            Failure::plugin("plugin-too-large", message)
        }
        _ => {
            Failure::plugin("plugin-unreadable", format!("the file cannot be read: {error}; check its name"))
        }
    })
}
