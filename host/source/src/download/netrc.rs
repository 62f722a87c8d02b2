//! Passwords of `~/.netrc`, as curl, Python and BuildStream read them.

use std::io;
use std::path::Path;

/// Bytes of a file. Real ones have hundreds.
const LARGEST: u64 = 1 << 20;

/// The entries of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Netrc {
    entries: Vec<Entry>,
}

/// What is to be said to one machine, or to all others.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// `None` for the entry `default`.
    machine: Option<String>,
    pub(super) login: Option<String>,
    pub(super) password: Option<String>,
}

/// Nobody wants to see a password in a log.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({})", self.machine.as_deref().unwrap_or("default"))
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
    /// The entries of a file; none when it is not there.
    pub(super) fn read(path: &Path) -> Result<Self, NetrcError> {
        match spec_files::read(path, LARGEST) {
            Ok(bytes) => Self::parse(&String::from_utf8_lossy(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(NetrcError::Unreadable(error)),
        }
    }

    fn parse(text: &str) -> Result<Self, NetrcError> {
        let mut words = Words { rest: text, line: 1 };
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(word) = words.keyword()? {
            match word.as_str() {
                "machine" => {
                    let machine = Some(words.value("machine")?);
                    entries.push(Entry { machine, ..Entry::default() });
                }
                "default" => entries.push(Entry::default()),
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
    pub(super) fn of_machine(&self, host: &str) -> Option<&Entry> {
        let named =
            |entry: &&Entry| entry.machine.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(host));
        self.entries.iter().find(named)
    }

    /// The entry for machines that have none of their own.
    pub(super) fn default_entry(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.machine.is_none())
    }
}

/// The words of a file, one after the other.
struct Words<'t> {
    rest: &'t str,
    line: usize,
}

impl Words<'_> {
    /// The next word where a comment may stand.
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

    fn entry<'e>(&self, entries: &'e mut [Entry], keyword: &str) -> Result<&'e mut Entry, NetrcError> {
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

    /// A macro is for programs that move files; it ends with an empty line.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(machine: Option<&str>, login: Option<&str>, password: Option<&str>) -> Entry {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Entry { machine: own(machine), login: own(login), password: own(password) }
    }

    #[test]
    fn files_as_people_write_them() {
        let one = vec![entry(Some("h"), Some("me"), Some("secret"))];
        for (text, expect) in [
            ("machine h login me password secret", one.clone()),
            ("machine h\n\tlogin me\r\n\tpassword secret\n", one.clone()),
            ("# a comment\nmachine h # another\nlogin me account x password secret", one.clone()),
            ("machine h user me password secret\n\n", one.clone()),
            ("macdef init\ncd /machine x\nls\n\nmachine h login me password secret", one.clone()),
            ("machine h login me password secret\nmacdef last\nquit", one.clone()),
            (r#"machine "h" login "me" password "secret""#, one),
            ("machine h password token", vec![entry(Some("h"), None, Some("token"))]),
            ("machine h login a password #1", vec![entry(Some("h"), Some("a"), Some("#1"))]),
            (
                r#"machine h login a password "two \"words\" \\ \t""#,
                vec![entry(Some("h"), Some("a"), Some("two \"words\" \\ \t"))],
            ),
            (
                "machine h login a\ndefault login anonymous password x",
                vec![entry(Some("h"), Some("a"), None), entry(None, Some("anonymous"), Some("x"))],
            ),
            ("", Vec::new()),
        ] {
            assert_eq!(Netrc::parse(text).expect(text).entries, expect, "{text}");
        }
    }

    #[test]
    fn wrong_files_name_the_line() {
        for (text, expect) in [
            ("login me", "line 1: 'login' stands before any 'machine'"),
            ("machine h\nlogin", "line 2: there is nothing after 'login'"),
            ("machine h\n\npasword x", "line 3: 'pasword' is none of machine, login and password"),
            ("machine h login \"me\nx\"", "line 1: a quote is not closed"),
        ] {
            assert_eq!(Netrc::parse(text).expect_err(text).to_string(), expect);
        }
    }

    #[test]
    fn the_first_entry_of_a_machine_counts() {
        let netrc = Netrc::parse("default login d\nmachine Host login a\nmachine host login b");
        let netrc = netrc.expect("it is right");
        let login = |entry: Option<&Entry>| entry.and_then(|entry| entry.login.clone());
        assert_eq!(login(netrc.of_machine("host")).as_deref(), Some("a"));
        assert_eq!(login(netrc.of_machine("ost")), None);
        assert_eq!(login(netrc.default_entry()).as_deref(), Some("d"));
    }

    #[test]
    fn passwords_are_not_shown() {
        let netrc = Netrc::parse("machine h login me password secret").expect("it is right");
        assert!(!format!("{netrc:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"(machine |login |default|macdef|"|\\|#|\n|\PC| ){0,30}"#) {
            let _ = Netrc::parse(&text);
        }
    }
}
