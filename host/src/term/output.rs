//! Writes texts to the standard streams.

use std::io::{self, IsTerminal, Write};

use super::Style;

/// Writes a text to the standard output: sanitized on a terminal, unchanged for other programs. A closed pipe (as
/// with `| head`) is no error.
///
/// # Errors
/// When it cannot be written, for example because the disk is full.
pub(crate) fn write_stdout(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = match out.is_terminal() {
        true => out.write_all(Style::Colour.sanitize_output(text).as_bytes()),
        false => out.write_all(text.as_bytes()),
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a sanitized text to the standard error.
pub(crate) fn write_stderr(text: &str, style: Style) {
    // There is nowhere to report that the standard error is closed.
    let _ = io::stderr().lock().write_all(style.sanitize_output(text).as_bytes());
}

/// A writer that sanitizes whole texts.
pub(crate) struct SanitizingWriter<W> {
    /// The stream.
    pub(crate) to: W,
    /// Whether colours are kept.
    pub(crate) style: Style,
}

impl<W: Write> Write for SanitizingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.to.write_all(self.style.sanitize_output(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
