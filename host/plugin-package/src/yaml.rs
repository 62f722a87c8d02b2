//! Reads typed YAML files of plugins: manifests, locks and samples.

use std::path::Path;

use serde::de::DeserializeOwned;
use spec_model::FilePosition;

use crate::error::{PackageError, Result};

/// Bytes of a manifest or a lock.
const LARGEST: u64 = 1 << 20;

/// What is read from a file, which decides the reason of its errors.
#[derive(Clone, Copy)]
pub(crate) enum YamlFile {
    Manifest,
    Lock,
    Sample,
}

impl YamlFile {
    fn reason(self) -> &'static str {
        match self {
            Self::Manifest => "invalid-manifest",
            Self::Lock => "invalid-lock",
            Self::Sample => "invalid-sample",
        }
    }

    /// Reads a file.
    pub(crate) fn read<T: DeserializeOwned>(self, path: &Path) -> Result<T> {
        let text =
            spec_files::read_text(path, LARGEST).map_err(|error| PackageError::io("read", path, error))?;
        self.parse(&text, &path.display().to_string())
    }

    /// Reads a text; errors call it `file`.
    pub(crate) fn parse<T: DeserializeOwned>(self, text: &str, file: &str) -> Result<T> {
        serde_yaml::from_str(text).map_err(|error| {
            let place = error.location();
            let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
            let (line, column) = place.map_or((1, 1), |place| (number(place.line()), number(place.column())));
            PackageError::InvalidFile {
                reason: self.reason(),
                position: FilePosition { file: file.into(), line, column },
                message: without_place(&error.to_string()),
            }
        })
    }
}

/// The message without the place at its end, which the position tells.
fn without_place(message: &str) -> String {
    match message.rsplit_once(" at line ") {
        Some((message, place)) if place.contains("column") => message.to_owned(),
        _ => message.to_owned(),
    }
}
