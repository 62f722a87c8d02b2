//! Passwords of `~/.netrc`, as curl, Python and BuildStream read them.

use std::io;
use std::path::Path;

use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;

/// Bytes of a file. Real ones have hundreds.
const LARGEST: u64 = 1 << 20;

/// The entries of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Netrc {
    entries: Vec<NetrcEntry>,
}

/// The login at one machine, or at all others.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct NetrcEntry {
    /// `None` for the entry `default`.
    machine: Option<String>,
    pub(super) login: Option<String>,
    pub(super) password: Option<String>,
}

/// Passwords must not appear in logs.
impl std::fmt::Debug for NetrcEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NetrcEntry({})", self.machine.as_deref().unwrap_or("default"))
    }
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum NetrcError {
    #[error("{0}")]
    Unreadable(io::Error),
    #[error("line {line}: {what}")]
    Syntax { line: usize, what: String },
}

impl Netrc {
    /// The entries of the file that is to be used. When it cannot be read there are no passwords, as with BuildStream.
    pub(crate) fn of_options(options: &HttpOptions, monitor: &FetchMonitor) -> Self {
        let Some(path) = &options.netrc else { return Self::default() };
        Self::read(path).unwrap_or_else(|error| {
            monitor.warn("netrc", &format!("{} is not used: {error}", path.display()));
            Self::default()
        })
    }

    /// The entries of a file; none when it does not exist.
    pub(super) fn read(path: &Path) -> Result<Self, NetrcError> {
        match spec_files::read(path, LARGEST) {
            Ok(bytes) => Self::parse(&String::from_utf8_lossy(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(NetrcError::Unreadable(error)),
        }
    }

    fn parse(text: &str) -> Result<Self, NetrcError> {
        let mut words = NetrcWords { rest: text, line: 1 };
        let mut entries: Vec<NetrcEntry> = Vec::new();
        while let Some(word) = words.keyword()? {
            match word.as_str() {
                "machine" => {
                    let machine = Some(words.value("machine")?);
                    entries.push(NetrcEntry { machine, ..NetrcEntry::default() });
                }
                "default" => entries.push(NetrcEntry::default()),
                "macdef" => words.skip_macro(),
                "login" | "user" => words.entry(&mut entries, &word)?.login = Some(words.value(&word)?),
                "password" => words.entry(&mut entries, &word)?.password = Some(words.value(&word)?),
                "account" => drop(words.value(&word)?),
                _ => return Err(words.wrong(format!("'{word}' is none of machine, login and password"))),
            }
        }
        Ok(Self { entries })
    }

    /// The entry of exactly this machine.
    pub(super) fn of_machine(&self, host: &str) -> Option<&NetrcEntry> {
        let named =
            |entry: &&NetrcEntry| entry.machine.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(host));
        self.entries.iter().find(named)
    }

    /// The entry for machines that have none of their own.
    pub(super) fn default_entry(&self) -> Option<&NetrcEntry> {
        self.entries.iter().find(|entry| entry.machine.is_none())
    }
}

/// Iterates over the words of a file.
struct NetrcWords<'t> {
    rest: &'t str,
    line: usize,
}

impl NetrcWords<'_> {
    /// The next word at a position where a comment is allowed.
    fn keyword(&mut self) -> Result<Option<String>, NetrcError> {
        loop {
            self.skip_space();
            if !self.rest.starts_with('#') {
                return self.word();
            }
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
        }
    }

    /// The word that belongs to a keyword; it may begin with any character.
    fn value(&mut self, keyword: &str) -> Result<String, NetrcError> {
        self.word()?.ok_or_else(|| self.wrong(format!("there is nothing after '{keyword}'")))
    }

    fn entry<'e>(
        &self,
        entries: &'e mut [NetrcEntry],
        keyword: &str,
    ) -> Result<&'e mut NetrcEntry, NetrcError> {
        entries.last_mut().ok_or_else(|| self.wrong(format!("'{keyword}' stands before any 'machine'")))
    }

    fn word(&mut self) -> Result<Option<String>, NetrcError> {
        self.skip_space();
        if let Some(quoted) = self.rest.strip_prefix('"') {
            return self.quoted(quoted).map(Some);
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok((!word.is_empty()).then(|| word.to_owned()))
    }

    /// A word in quotes, which may have spaces, and quotes after a backslash.
    fn quoted(&mut self, text: &str) -> Result<String, NetrcError> {
        let mut word = String::new();
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Ok(word);
                }
                '\\' => word.extend(chars.next().map(|(_, c)| match c {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    c => c,
                })),
                '\n' => break,
                c => word.push(c),
            }
        }
        Err(self.wrong("a quote is not closed".to_owned()))
    }

    /// Skips a macro, which is for FTP programs; it ends with an empty line.
    fn skip_macro(&mut self) {
        let end = self.rest.find("\n\n").map_or(self.rest.len(), |at| at + 2);
        self.advance(end);
    }

    fn skip_space(&mut self) {
        let end = self.rest.find(|c: char| !c.is_whitespace()).unwrap_or(self.rest.len());
        self.advance(end);
    }

    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }

    fn wrong(&self, what: String) -> NetrcError {
        NetrcError::Syntax { line: self.line, what }
    }
}

#[cfg(test)]
mod tests;
