//! The Comprehensive Perl Archive Network: which file has a module.

use std::io::{BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;

use crate::index_error::IndexError;

/// The list of modules, below the URL of the index.
pub(crate) const MODULES: &str = "modules/02packages.details.txt.gz";
/// The folder of the files that the list names.
pub(crate) const FILES: &str = "authors/id/";
/// Bytes of the largest list. It has three megabytes, and twenty unpacked.
pub(crate) const LARGEST: usize = 64 << 20;
const LARGEST_UNPACKED: u64 = 1 << 30;
const LONGEST_LINE: u64 = 64 << 10;
const EXPECTED: &str = "the list of the modules of CPAN";

/// The path of the file that has a module, below the folder of files.
///
/// # Errors
/// `index-answer`, `index-no-entry`.
pub(crate) fn file_of(module: &str, list: &[u8]) -> Result<String, IndexError> {
    let mut lines = ListLines { reader: BufReader::new(MultiGzDecoder::new(list).take(LARGEST_UNPACKED)) };
    // The head ends with an empty line.
    while !lines.next()?.ok_or_else(|| wrong("it has only a head"))?.is_empty() {}
    while let Some(line) = lines.next()? {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [found, _, path] if found == module => return Ok(path.to_owned()),
            [_, _, _] => {}
            _ => return Err(wrong(format!("'{}' is no module, version and file", line.escape_debug()))),
        }
    }
    Err(IndexError::NoEntry { what: format!("module '{module}'"), key: "name" })
}

fn wrong(why: impl ToString) -> IndexError {
    IndexError::answer(EXPECTED, why)
}

struct ListLines<R> {
    reader: R,
}

impl<R: BufRead> ListLines<R> {
    /// The next line without its end; `None` after the last one.
    fn next(&mut self) -> Result<Option<String>, IndexError> {
        let mut line = Vec::new();
        let read = self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(wrong)?;
        if read as u64 == LONGEST_LINE {
            return Err(wrong("it has a very long line"));
        }
        let text = String::from_utf8_lossy(&line);
        Ok((read > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// What fuzzing reads.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    /// The file that an index names for a module; the error is its reason.
    ///
    /// # Errors
    /// When it is no index, or does not have the module.
    pub fn module_file(module: &str, list: &[u8]) -> Result<String, &'static str> {
        super::file_of(module, list).map_err(|error| error.reason())
    }
}

#[cfg(test)]
mod tests;
