//! Reads unified diffs, with the headers that git writes before them.

use crate::patch_error::PatchError;

/// The change of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FilePatch {
    /// The line of its header, from 1.
    pub(super) line: usize,
    pub(super) old: FileHeader,
    pub(super) new: FileHeader,
    /// The name in a line `Index:`.
    pub(super) index: Option<String>,
    pub(super) git: Option<GitHeader>,
    pub(super) hunks: Vec<Hunk>,
}

/// A line `---` or `+++`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileHeader {
    /// The name as written; `None` for `/dev/null`, or without the line.
    pub(super) name: Option<String>,
    /// Whether it says that the file does not exist: it is `/dev/null`, or has the time 0.
    pub(super) is_nothing: bool,
}

/// What git says of a file before its hunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GitHeader {
    /// The names in the first line, with `a/` and `b/`.
    pub(super) names: Option<(String, String)>,
    pub(super) new_mode: Option<u32>,
    pub(super) created: bool,
    pub(super) deleted: bool,
    /// The names without `a/` and `b/`.
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) copied: bool,
}

/// A place of a file that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    /// The line of the patch.
    pub(super) line: usize,
    pub(super) old_start: usize,
    pub(super) old_count: usize,
    pub(super) new_start: usize,
    pub(super) new_count: usize,
    pub(super) lines: Vec<HunkLine>,
    /// Whether the line before it ends with a carriage return.
    pub(super) has_returns: bool,
}

/// The highest number of a line: sums of a few of them are numbers, too.
const LAST_LINE: usize = isize::MAX as usize / 16;

/// A line of a hunk, with its newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HunkLine {
    Context(Vec<u8>),
    Removed(Vec<u8>),
    Added(Vec<u8>),
}

impl HunkLine {
    fn bytes(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Context(bytes) | Self::Removed(bytes) | Self::Added(bytes) => bytes,
        }
    }
}

/// The changes of a patch, in order. Text between them is ignored.
pub(super) fn parse(patch: &[u8]) -> Result<Vec<FilePatch>, PatchError> {
    let lines: Vec<&[u8]> = patch.split_inclusive(|byte| *byte == b'\n').collect();
    let mut parser = Parser { lines: &lines, at: 0, files: Vec::new(), git: None, index: None };
    while parser.at < lines.len() {
        parser.line()?;
    }
    parser.finish_git();
    Ok(parser.files)
}

struct Parser<'p> {
    lines: &'p [&'p [u8]],
    at: usize,
    files: Vec<FilePatch>,
    /// A header of git that no hunk has followed yet.
    git: Option<(usize, GitHeader)>,
    index: Option<String>,
}

impl Parser<'_> {
    fn error(&self, why: impl Into<String>) -> PatchError {
        PatchError::Syntax { line: self.at + 1, why: why.into() }
    }

    /// The line `ahead` lines after the current one, without its newline.
    fn text(&self, ahead: usize) -> String {
        let line = self.lines.get(self.at + ahead).copied().unwrap_or_default();
        String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']).to_owned()
    }

    /// Takes one line between changes, or a whole change.
    fn line(&mut self) -> Result<(), PatchError> {
        let text = self.text(0);
        if let Some(names) = text.strip_prefix("diff --git ") {
            self.finish_git();
            self.git = Some((self.at + 1, GitHeader { names: git_names(names), ..GitHeader::default() }));
        } else if text.starts_with("--- ") && self.text(1).starts_with("+++ ") {
            return self.change();
        } else if text.starts_with("*** ") && self.text(1).starts_with("--- ") {
            return Err(self.error("it is a context diff; expected a unified one, as 'diff -u' makes it"));
        } else if text == "GIT binary patch" {
            return Err(self.error("changes of binary files cannot be applied"));
        } else if let Some(name) = text.strip_prefix("Index: ") {
            self.index = Some(file_header(name).name.unwrap_or_default());
        } else if let Some((_, git)) = &mut self.git {
            git_line(git, &text);
        }
        self.at += 1;
        Ok(())
    }

    /// A change of git without hunks: of a mode or a name, or of an empty file.
    fn finish_git(&mut self) {
        let Some((line, git)) = self.git.take() else { return };
        if git.new_mode.is_some() || git.from.is_some() || git.created || git.deleted {
            let name = |name: &str| FileHeader { name: Some(name.to_owned()), is_nothing: false };
            let (mut old, mut new) = match &git.names {
                Some((old, new)) => (name(old), name(new)),
                None => Default::default(),
            };
            (old.is_nothing, new.is_nothing) = (git.created, git.deleted);
            self.files.push(FilePatch { line, old, new, git: Some(git), ..FilePatch::default() });
        }
    }

    fn change(&mut self) -> Result<(), PatchError> {
        let (line, old, new) = (self.at + 1, self.text(0), self.text(1));
        self.at += 2;
        let git = self.git.take().map(|(_, git)| git);
        let mut file = FilePatch {
            line,
            old: file_header(&old[4..]),
            new: file_header(&new[4..]),
            index: self.index.take(),
            git,
            hunks: Vec::new(),
        };
        while self.lines.get(self.at).is_some_and(|line| line.starts_with(b"@@ -")) {
            file.hunks.push(self.hunk()?);
        }
        if file.hunks.is_empty() {
            return Err(self.error("expected a hunk, which begins with '@@ -'"));
        }
        self.files.push(file);
        Ok(())
    }

    fn hunk(&mut self) -> Result<Hunk, PatchError> {
        let wrong = || self.error("expected the range of a hunk, as in '@@ -1,3 +1,4 @@'");
        let text = self.text(0);
        let mut words = text.split(' ').skip(1);
        let (old, new) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (old_start, old_count) = range(old, '-').ok_or_else(wrong)?;
        let (new_start, new_count) = range(new, '+').ok_or_else(wrong)?;
        let has_returns = self.lines[self.at].ends_with(b"\r\n");
        let line = self.at + 1;
        self.at += 1;
        let mut hunk =
            Hunk { line, old_start, old_count, new_start, new_count, lines: Vec::new(), has_returns };
        let (mut old, mut new) = (old_count, new_count);
        while old > 0 || new > 0 {
            let line = self.hunk_line()?;
            let (in_old, in_new) = match line {
                HunkLine::Context(_) => (1, 1),
                HunkLine::Removed(_) => (1, 0),
                HunkLine::Added(_) => (0, 1),
            };
            let left = old.checked_sub(in_old).zip(new.checked_sub(in_new));
            (old, new) = left.ok_or_else(|| self.error("the hunk has more lines than its range says"))?;
            hunk.lines.push(line);
            self.at += 1;
            if self.lines.get(self.at).is_some_and(|line| line.starts_with(b"\\")) {
                if let Some(bytes) = hunk.lines.last_mut().map(HunkLine::bytes) {
                    bytes.truncate(bytes.strip_suffix(b"\n").map_or(bytes.len(), <[u8]>::len));
                }
                self.at += 1;
            }
        }
        // GNU patch and git refuse it, too: it could be anywhere.
        if hunk.lines.iter().all(|line| matches!(line, HunkLine::Context(_))) {
            self.at = line - 1;
            return Err(self.error("the hunk changes nothing"));
        }
        Ok(hunk)
    }

    fn hunk_line(&self) -> Result<HunkLine, PatchError> {
        let line = self.lines.get(self.at).copied().unwrap_or_default();
        let rest = line.get(1..).unwrap_or_default().to_vec();
        match line.first() {
            Some(b' ') => Ok(HunkLine::Context(rest)),
            // An editor has removed the space.
            Some(b'\n') => Ok(HunkLine::Context(b"\n".to_vec())),
            Some(b'\r') if line == b"\r\n" => Ok(HunkLine::Context(line.to_vec())),
            Some(b'-') => Ok(HunkLine::Removed(rest)),
            Some(b'+') => Ok(HunkLine::Added(rest)),
            None => Err(self.error("the patch ends inside a hunk")),
            Some(_) => Err(self.error("a line of a hunk begins with ' ', '-' or '+'")),
        }
    }
}

fn git_line(git: &mut GitHeader, text: &str) {
    let mode = |text: &str| u32::from_str_radix(text.trim(), 8).ok();
    if let Some(text) = text.strip_prefix("new mode ") {
        git.new_mode = mode(text);
    } else if let Some(text) = text.strip_prefix("new file mode ") {
        (git.created, git.new_mode) = (true, mode(text));
    } else if text.starts_with("deleted file mode ") {
        git.deleted = true;
    } else if let Some(name) = text.strip_prefix("rename from ") {
        git.from = Some(unquoted(name));
    } else if let Some(name) = text.strip_prefix("rename to ") {
        git.to = Some(unquoted(name));
    } else if let Some(name) = text.strip_prefix("copy from ") {
        (git.copied, git.from) = (true, Some(unquoted(name)));
    } else if let Some(name) = text.strip_prefix("copy to ") {
        git.to = Some(unquoted(name));
    }
}

/// The names of `a/NAME b/NAME`; they are the same but for the letters unless the file is renamed.
fn git_names(text: &str) -> Option<(String, String)> {
    if text.starts_with('"') {
        let (old, new) = text.split_once("\" ")?;
        return Some((unquoted(&format!("{old}\"")), unquoted(new)));
    }
    let half = text.len() / 2;
    let (old, new) = (text.get(..half)?, text.get(half..)?.strip_prefix(' ')?);
    let (_, old_name) = old.split_once('/')?;
    let (_, new_name) = new.split_once('/')?;
    (old_name == new_name).then(|| (old.to_owned(), new.to_owned()))
}

fn file_header(text: &str) -> FileHeader {
    let (name, time) = match text.split_once('\t') {
        Some((name, time)) => (name, Some(time)),
        None => (text.trim_end(), None),
    };
    let name = unquoted(name);
    let is_nothing = name == "/dev/null" || time.is_some_and(is_epoch);
    FileHeader { name: Some(name).filter(|name| name != "/dev/null"), is_nothing }
}

/// Whether a time such as `1970-01-01 01:00:00.000000000 +0100` is the first of all.
fn is_epoch(time: &str) -> bool {
    let mut words = time.split_whitespace();
    let (date, clock, zone) = (words.next(), words.next(), words.next().unwrap_or("+0000"));
    let clock = clock.unwrap_or_default().split('.').next().unwrap_or_default();
    let mut parts = clock.split(':').map(|part| part.parse::<i32>().map_or(-1, i64::from));
    let mut part = || parts.next().unwrap_or_default();
    let seconds = part() * 3600 + part() * 60 + part();
    let offset =
        zone.parse::<i32>().map_or(0, |zone| i64::from(zone / 100) * 3600 + i64::from(zone % 100) * 60);
    match date {
        Some("1970-01-01") => seconds == offset,
        Some("1969-12-31") => seconds == offset + 86_400,
        _ => false,
    }
}

/// The start and the number of lines of `-1,3`.
fn range(text: &str, sign: char) -> Option<(usize, usize)> {
    let text = text.strip_prefix(sign)?;
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    let number = |text: &str| text.parse().ok().filter(|number| *number <= LAST_LINE);
    Some((number(start)?, number(count)?))
}

/// A name without the quotes and escapes that git and GNU diff write.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.to_owned();
    };
    let (mut bytes, mut rest) = (Vec::new(), inner.as_bytes());
    while let [first, more @ ..] = rest {
        rest = more;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let octal = more.get(..3).filter(|digits| digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
        if let Some(digits) = octal {
            bytes
                .push(digits.iter().fold(0u8, |byte, digit| byte.wrapping_mul(8).wrapping_add(digit - b'0')));
            rest = &more[3..];
        } else if let [escaped, after @ ..] = more {
            bytes.push(match escaped {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                other => *other,
            });
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
