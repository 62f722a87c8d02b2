//! The log of a build.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::error::{BuildError, CommandFailure};

/// Bytes at the end of a log that [`tail`] looks at.
const TAIL_BYTES: u64 = 64 << 10;

/// The log of a build: what commands print, which comes through a pipe, with headings between them.
#[derive(Debug)]
pub(crate) struct BuildLog {
    path: PathBuf,
    file: File,
}

impl BuildLog {
    /// Creates `FOLDER/PROJECT/NORMAL-NAME/TITLE.TIME.log`; like BuildStream's, a title is `BRIEF-KEY-ACTIVITY`.
    pub(crate) fn create(
        folder: &Path,
        project: &str,
        normal_name: &str,
        title: &str,
    ) -> Result<Self, BuildError> {
        let folder = folder.join(project).join(normal_name);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| BuildError::Log { action: "create", path, source }
        };
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        let stem = format!("{title}.{}", timestamp());
        let mut number = 0_u32;
        loop {
            // Another build of the same element may have begun in the same second.
            let again = if number == 0 { String::new() } else { format!("-{number}") };
            let path = folder.join(format!("{stem}{again}.log"));
            match File::options().create_new(true).append(true).read(true).open(&path) {
                Ok(file) => return Ok(Self { path, file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failed(&path)(error)),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Another handle, for what a command prints.
    pub(crate) fn handle(&self) -> Result<File, BuildError> {
        self.file.try_clone().map_err(self.failed("share"))
    }

    /// Writes a line of our own.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), BuildError> {
        let written = self.file.write_all(format!("{text}\n").as_bytes());
        written.map_err(self.failed("write"))
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> BuildError {
        let path = self.path.clone();
        move |source| BuildError::Log { action, path, source }
    }
}

impl CommandFailure {
    /// The last `lines` lines of what the command printed, as far as the log can be read.
    #[must_use]
    pub fn output_tail(&self, lines: usize) -> Vec<String> {
        tail(&self.log, self.output_start, lines).unwrap_or_default()
    }
}

/// The last `lines` lines that a log has from byte `start` on, without line ends; of very many bytes only the last.
fn tail(path: &Path, start: u64, lines: usize) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES).max(start)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect())
}

/// UTC as `YYYYMMDD-HHMMSS`.
fn timestamp() -> String {
    let now = OffsetDateTime::now_utc();
    let (date, time) = (now.date(), now.time());
    format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests;
