//! Where texts leave the program.

use std::io::{self, IsTerminal, Write};

use super::Style;
use super::text::sanitize_output;

/// Writes a text to the standard output: harmless on a terminal, as it is for other programs. Nobody listening any more
/// (as with `| head`) is no error.
///
/// # Errors
/// When it cannot be written, for example since the disk is full.
pub(crate) fn write_stdout(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = match out.is_terminal() {
        true => out.write_all(sanitize_output(text, Style::Colour).as_bytes()),
        false => out.write_all(text.as_bytes()),
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a text to the standard error, harmless.
pub(crate) fn write_stderr(text: &str, style: Style) {
    // Nobody can be told that the standard error is gone.
    let _ = io::stderr().lock().write_all(sanitize_output(text, style).as_bytes());
}

/// A writer of whole texts that makes them harmless.
pub(crate) struct SanitizingWriter<W> {
    /// Where they go.
    pub(crate) to: W,
    /// Whether their colours go with them.
    pub(crate) style: Style,
}

impl<W: Write> Write for SanitizingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.to.write_all(sanitize_output(&text, self.style).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
