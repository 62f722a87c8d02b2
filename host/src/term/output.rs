//! The standard output of a command.

use std::io::{self, Write};

/// Writes a text to the standard output. Nobody listening any more (as with `| head`) is no error.
///
/// # Errors
/// When it cannot be written, for example since the disk is full.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
