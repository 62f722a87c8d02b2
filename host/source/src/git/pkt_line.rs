//! The lines of git's protocol: four hexadecimal digits of length before each.

use crate::git_error::GitError;

/// One line, or a mark between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PktLine {
    /// The end of a message.
    Flush,
    /// The end of a section.
    Delimiter,
    /// The bytes of a line.
    Data(Vec<u8>),
}

/// Bytes of the longest line, with its length.
const LONGEST: usize = 65520;

/// Takes lines from bytes as they arrive.
#[derive(Debug, Default)]
pub(crate) struct PktLineReader {
    buffer: Vec<u8>,
    at: usize,
}

impl PktLineReader {
    /// Adds bytes that arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line; `None` until all of it has arrived.
    pub(crate) fn next(&mut self) -> Result<Option<PktLine>, GitError> {
        let rest = &self.buffer[self.at..];
        let Some(digits) = rest.get(..4) else { return Ok(None) };
        let hex = digits.iter().all(u8::is_ascii_hexdigit);
        let text = std::str::from_utf8(digits).ok().filter(|_| hex);
        let length = text.and_then(|text| usize::from_str_radix(text, 16).ok());
        let wrong = |why: String| GitError::Protocol { why };
        match length {
            Some(mark @ (0 | 1)) => {
                self.at += 4;
                Ok(Some(if mark == 0 { PktLine::Flush } else { PktLine::Delimiter }))
            }
            Some(length @ 4..=LONGEST) => {
                let Some(line) = rest.get(4..length) else { return Ok(None) };
                let line = line.to_vec();
                self.at += length;
                Ok(Some(PktLine::Data(line)))
            }
            Some(length) => Err(wrong(format!("a line of {length} bytes"))),
            None => Err(wrong(format!("a line begins with '{}'", digits.escape_ascii()))),
        }
    }

    /// Whether all bytes were taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.buffer.len()
    }
}

/// Adds a line to a message.
pub(crate) fn write_line(message: &mut Vec<u8>, line: &str) {
    message.extend_from_slice(format!("{:04x}{line}", line.len() + 4).as_bytes());
}

/// The text of a line without its newline.
pub(crate) fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned()
}

#[cfg(test)]
mod tests;
