//! What becomes of a file's bytes when it is checked out.

use std::borrow::Cow;

use git2::Oid;

use super::working_encoding::WorkingEncoding;

/// What becomes of a file when it is checked out, in the order of git: the name of its contents is written into it, its lines
/// get other ends, and it gets another encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Conversion {
    pub(super) line_ends: LineEnds,
    pub(super) ident: bool,
    pub(super) encoding: Option<WorkingEncoding>,
    /// Whether it may be a pointer of Git LFS whose file is wanted.
    pub(super) lfs: bool,
}

/// The ends of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum LineEnds {
    /// As they are.
    Keep,
    /// CR LF.
    Crlf,
    /// CR LF, if the file is text of which no line ends with CR.
    CrlfOfText,
    /// As the others, but with dulwich's rule of what is no text: a file with a NUL near its beginning.
    CrlfUnlessNul { cr: bool },
}

/// The bytes in which dulwich looks for a NUL.
const NUL_WITHIN: usize = 8000;

impl LineEnds {
    /// The same as dulwich does it.
    pub(super) fn unless_binary(self) -> Self {
        match self {
            Self::Crlf => Self::CrlfUnlessNul { cr: true },
            Self::CrlfOfText => Self::CrlfUnlessNul { cr: false },
            other => other,
        }
    }

    fn apply(self, bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
        let has_cr = || bytes.contains(&b'\r');
        let converts = match self {
            Self::Keep => false,
            Self::Crlf => true,
            Self::CrlfOfText => !has_cr() && is_text(&bytes),
            Self::CrlfUnlessNul { cr } => {
                !bytes[..bytes.len().min(NUL_WITHIN)].contains(&0) && (cr || !has_cr())
            }
        };
        if converts { with_crlf(bytes) } else { bytes }
    }
}

impl Conversion {
    /// The file is as the repository has it.
    pub(super) const NONE: Self =
        Self { line_ends: LineEnds::Keep, ident: false, encoding: None, lfs: false };

    /// The most bytes that a file may have afterwards.
    pub(super) fn most_bytes(&self, bytes: &[u8]) -> u64 {
        const NAME: u64 = 45;
        let count = |wanted: u8| bytes.iter().filter(|byte| **byte == wanted).count() as u64;
        let mut most = bytes.len() as u64;
        if self.ident {
            most += count(b'$') * NAME;
        }
        if self.line_ends != LineEnds::Keep {
            most += count(b'\n');
        }
        if self.encoding.is_some() { most.saturating_mul(4) } else { most }
    }

    /// The bytes of a file that the repository has under this name.
    pub(super) fn apply<'b>(&self, id: Oid, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let mut bytes = Cow::Borrowed(bytes);
        if self.ident {
            // Git has two readers of keywords, one for each of its ways to write a file.
            let at_once = self.encoding.is_some() || self.line_ends == LineEnds::CrlfOfText;
            bytes = if at_once { with_name(bytes, id) } else { with_name_in_parts(&bytes, id).into() };
        }
        bytes = self.line_ends.apply(bytes);
        match self.encoding {
            // As git does it: what cannot be encoded stays as it is.
            Some(encoding) if !bytes.is_empty() => encoding.encode(&bytes).map_or(bytes, Cow::Owned),
            _ => bytes,
        }
    }
}

/// Git's rule of what is text, for bytes without CR: no NUL, and few other control characters.
fn is_text(bytes: &[u8]) -> bool {
    // A CTRL-Z at the end is a mark of old systems.
    let bytes = bytes.strip_suffix(b"\x1a").unwrap_or(bytes);
    let strange = |byte: &u8| matches!(byte, 0..=0x07 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    let strange = bytes.iter().filter(|byte| strange(byte)).count();
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let others = bytes.len() - strange - lines;
    !bytes.contains(&0) && strange <= others / 128
}

fn with_crlf(bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let mut converted = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    let mut last = 0;
    for byte in bytes.iter() {
        if *byte == b'\n' && last != b'\r' {
            converted.push(b'\r');
        }
        converted.push(*byte);
        last = *byte;
    }
    Cow::Owned(converted)
}

/// Writes the name of a file's contents into each `$Id$`, and over the one in `$Id: NAME $`.
fn with_name(bytes: Cow<'_, [u8]>, id: Oid) -> Cow<'_, [u8]> {
    const KEYWORD: &[u8] = b"$Id";
    let mut converted = Vec::new();
    let mut rest = &bytes[..];
    while let Some(at) = rest.windows(KEYWORD.len()).position(|part| part == KEYWORD) {
        let (before, after) = rest.split_at(at + KEYWORD.len());
        converted.extend_from_slice(before);
        rest = after;
        if let Some(end) = keyword_end(after) {
            converted.extend_from_slice(format!(": {id} $").as_bytes());
            rest = &after[end..];
        }
    }
    if converted.is_empty() {
        return bytes;
    }
    converted.extend_from_slice(rest);
    Cow::Owned(converted)
}

/// Where a keyword ends, of which this comes after `$Id`; `None` if it is none, or one of another system, which has more words.
fn keyword_end(after: &[u8]) -> Option<usize> {
    let value = match after.split_first()? {
        (b'$', _) => return Some(1),
        (b':', value) => value,
        _ => return None,
    };
    let end = value.iter().position(|byte| matches!(byte, b'$' | b'\n')).filter(|end| value[*end] == b'$')?;
    let word = value[..end].get(1..).unwrap_or_default();
    match word.iter().position(|byte| *byte == b' ') {
        Some(space) if space + 1 < word.len() => None,
        _ => Some(end + 2),
    }
}

/// As [`with_name`], by the rules that git has for files that it need not have in memory: what follows a `$` that begins no keyword
/// begins none either, and the word after `$Id:` may have spaces if none is before it.
fn with_name_in_parts(bytes: &[u8], id: Oid) -> Vec<u8> {
    let mut converted = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(start) = rest.iter().position(|byte| *byte == b'$') {
        converted.extend_from_slice(&rest[..start]);
        rest = &rest[start..];
        let same = rest.iter().zip(b"$Id").take_while(|(a, b)| a == b).count();
        let value_end = |rest: &[u8]| rest.iter().skip(4).position(|byte| matches!(byte, b'$' | b'\n'));
        let (length, is_keyword) = match (same, rest.get(3)) {
            (3, Some(b'$')) => (4, true),
            (3, Some(b':')) => match value_end(rest).map(|end| end + 5) {
                Some(length) => (length, rest[length - 1] == b'$' && !is_foreign(&rest[..length])),
                None => (rest.len(), false),
            },
            _ => ((same + 1).min(rest.len()), false),
        };
        let (keyword, after) = rest.split_at(length);
        match is_keyword {
            true => converted.extend_from_slice(format!("$Id: {id} $").as_bytes()),
            false => converted.extend_from_slice(keyword),
        }
        rest = after;
    }
    converted.extend_from_slice(rest);
    converted
}

/// Whether a keyword has the words of another system in it. Like git, it looks no further than to a NUL.
fn is_foreign(keyword: &[u8]) -> bool {
    let Some(value) = keyword.strip_prefix(b"$Id: ") else { return false };
    let value = value.split(|byte| *byte == 0).next().unwrap_or_default();
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    (0..value.len()).any(|at| is_space(&value[at]) && value.get(at + 1) != Some(&b'$'))
}
