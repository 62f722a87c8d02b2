//! Reads files that a project, a user or the environment names.
//!
//! Such a name may lead to a named pipe that nobody writes to, to a device or to a file without end. Reading it must
//! neither block for ever nor fill the memory, so whoever reads such a file whole reads it here: only a regular file,
//! and only up to a limit.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, makedev};

/// Major and minor number of `/dev/null`.
const NULL_DEVICE: (u32, u32) = (1, 3);

/// Opens a regular file for reading. `/dev/null` counts as an empty file: people name it when they want no file.
///
/// # Errors
/// Those of the system, and when something else is there: [`io::ErrorKind::IsADirectory`] for a folder,
/// [`io::ErrorKind::InvalidInput`] for a pipe, a socket or a device. It never waits.
pub fn open(path: &Path) -> io::Result<File> {
    // Opening a device can have effects, so the kind of file is checked before opening it, too.
    require_regular(&fs::metadata(path)?)?;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    require_regular(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file of a folder that somebody else filled: `path` is relative to it, and no link on the way may lead
/// out of it.
///
/// # Errors
/// As [`open`]; [`io::ErrorKind::CrossesDevices`] for a path or a link that leads out of the folder.
pub fn open_below(folder: &Path, path: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let opened = |flags| rustix::fs::openat2(&folder, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve);
    require_regular(&File::from(opened(OFlags::PATH)?).metadata()?)?;
    let file = File::from(opened(OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?);
    require_regular(&file.metadata()?)?;
    Ok(file)
}

/// The contents of a regular file of at most `most` bytes.
///
/// # Errors
/// Those of [`open`] and of reading, and [`io::ErrorKind::FileTooLarge`].
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    contents(open(path)?, most)
}

/// The contents of a regular file of at most `most` bytes in a folder that somebody else filled.
///
/// # Errors
/// Those of [`open_below`] and of reading, and [`io::ErrorKind::FileTooLarge`].
pub fn read_below(folder: &Path, path: &Path, most: u64) -> io::Result<Vec<u8>> {
    contents(open_below(folder, path)?, most)
}

fn contents(file: File, most: u64) -> io::Result<Vec<u8>> {
    if file.metadata()?.len() > most {
        return Err(too_large(most));
    }
    let mut bytes = Vec::new();
    // Files such as those of /proc report no length before they are read.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

/// The text of a regular file of at most `most` bytes.
///
/// # Errors
/// Those of [`read`], and [`io::ErrorKind::InvalidData`] when it is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let text = String::from_utf8(read(path, most)?);
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not text in UTF-8"))
}

fn too_large(most: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {most} bytes"))
}

fn require_regular(metadata: &Metadata) -> io::Result<()> {
    let kind = metadata.file_type();
    let null = kind.is_char_device() && metadata.rdev() == makedev(NULL_DEVICE.0, NULL_DEVICE.1);
    if kind.is_file() || null {
        return Ok(());
    }
    let error = if kind.is_dir() { io::ErrorKind::IsADirectory } else { io::ErrorKind::InvalidInput };
    Err(io::Error::new(error, format!("it is {}, and a regular file is expected", name(kind))))
}

fn name(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_char_device() || kind.is_block_device() => "a device",
        _ => "no file",
    }
}

#[cfg(test)]
mod tests;
