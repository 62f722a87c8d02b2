//! What `.gitattributes` say of the files of a commit.

use std::path::PathBuf;

use gix_attributes::StateRef;
use gix_attributes::glob::pattern::Case;
use gix_attributes::search::{MetadataCollection, Outcome};

use super::conversion::{Conversion, LineEnds};
use super::working_encoding::WorkingEncoding;
use crate::git_error::GitError;

/// The file of a folder that says what holds for the files below it.
pub(super) const ATTRIBUTES_FILE: &str = ".gitattributes";
/// The attribute that git knows from the beginning.
const BINARY: &[u8] = b"[attr]binary -diff -merge -text";
/// The attributes that are looked up, in the order of [`AttributeStack::conversion`].
const NAMES: [&str; 6] = ["text", "crlf", "eol", "ident", "working-tree-encoding", "filter"];
/// Words without one of which no file of a commit differs from what the repository has.
const CONVERTING: [&[u8]; 3] = [b"crlf", b"ident", b"working-tree-encoding"];

/// Who checks files out: each of BuildStream's plugins uses one of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttributeRules {
    /// The program git, of nobody's configuration. With Git LFS, its files are wanted instead of the pointers to them.
    Git { lfs: bool },
    /// The Python library dulwich, which knows line ends alone, and no macros.
    Dulwich,
}

impl AttributeRules {
    /// Whether a `.gitattributes` may have an effect.
    pub(super) fn may_convert(self, text: &[u8]) -> bool {
        let has = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
        CONVERTING.iter().any(|word| has(word)) || (self == Self::Git { lfs: true } && has(b"lfs"))
    }
}

/// The attributes of the folders from the root of a commit to one of them.
pub(super) struct AttributeStack {
    rules: AttributeRules,
    search: gix_attributes::Search,
    known: MetadataCollection,
    found: Outcome,
}

impl AttributeStack {
    pub(super) fn new(rules: AttributeRules) -> Self {
        let mut stack = Self {
            rules,
            search: gix_attributes::Search::default(),
            known: MetadataCollection::default(),
            found: Outcome::default(),
        };
        if matches!(rules, AttributeRules::Git { .. }) {
            // What is not from a file cannot fail to be read.
            let _ = stack.search.add_patterns_buffer(BINARY, PathBuf::new(), None, &mut stack.known, true);
        }
        stack
    }

    /// Goes into a folder below the one it is in, with the text of its `.gitattributes`.
    pub(super) fn enter(&mut self, folder: &str, text: &[u8]) -> Result<(), GitError> {
        let source = PathBuf::from(folder).join(ATTRIBUTES_FILE);
        let macros = folder.is_empty() && matches!(self.rules, AttributeRules::Git { .. });
        let root = Some(std::path::Path::new(""));
        let text = match self.rules {
            AttributeRules::Git { .. } => text.to_vec(),
            AttributeRules::Dulwich => without_quoted(text),
        };
        let added = self.search.add_patterns_buffer(&text, source, root, &mut self.known, macros);
        added.map_err(|error| GitError::BadAttribute { path: folder.to_owned(), why: error.to_string() })?;
        self.found.initialize_with_selection(&self.known, NAMES);
        Ok(())
    }

    /// Goes back to where it was before it entered the folder.
    pub(super) fn leave(&mut self) {
        self.search.pop_pattern_list();
    }

    /// What becomes of the file at a path when it is checked out.
    pub(super) fn conversion(&mut self, path: &str) -> Result<Conversion, GitError> {
        self.found.reset();
        self.search.pattern_matching_relative_path(
            path.as_bytes().into(),
            Case::Sensitive,
            Some(false),
            &mut self.found,
        );
        let mut states = self.found.iter_selected().map(|found| found.assignment.state);
        let mut next = || states.next().unwrap_or(StateRef::Unspecified);
        let [text, crlf, eol, ident, encoding, filter] = [(); 6].map(|()| next());
        let line_ends = line_ends([text, crlf], eol);
        let AttributeRules::Git { lfs } = self.rules else {
            return Ok(Conversion { line_ends: line_ends.unless_binary(), ..Conversion::NONE });
        };
        Ok(Conversion {
            line_ends,
            ident: ident == StateRef::Set,
            encoding: working_encoding(path, encoding)?,
            lfs: lfs && value(filter) == Some(b"lfs"),
        })
    }
}

/// The lines without those whose pattern is quoted, which dulwich reads as other patterns.
fn without_quoted(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| !line.trim_ascii_start().starts_with(b"\"")).flatten().copied().collect()
}

fn value(state: StateRef<'_>) -> Option<&[u8]> {
    match state {
        StateRef::Value(value) => Some(value.as_bstr()),
        _ => None,
    }
}

/// What git makes of the attributes `text`, or else `crlf`, and `eol`. Without configuration lines end with LF here, unless `eol`
/// says something else.
fn line_ends(text: [StateRef<'_>; 2], eol: StateRef<'_>) -> LineEnds {
    let known = |state: &StateRef<'_>| match state {
        StateRef::Set | StateRef::Unset => true,
        state => matches!(value(*state), Some(b"input" | b"auto")),
    };
    let text = text.into_iter().find(known).unwrap_or(StateRef::Unspecified);
    match (text, value(eol)) {
        (StateRef::Unset, _) => LineEnds::Keep,
        (text, Some(b"crlf")) if value(text) == Some(b"auto") => LineEnds::CrlfOfText,
        (_, Some(b"crlf")) => LineEnds::Crlf,
        _ => LineEnds::Keep,
    }
}

fn working_encoding(path: &str, state: StateRef<'_>) -> Result<Option<WorkingEncoding>, GitError> {
    let bad = |why: String| GitError::BadAttribute { path: path.to_owned(), why };
    match state {
        StateRef::Unspecified => Ok(None),
        StateRef::Set | StateRef::Unset => {
            Err(bad("'working-tree-encoding' needs the name of an encoding".to_owned()))
        }
        StateRef::Value(name) => {
            let name = String::from_utf8_lossy(name.as_bstr());
            let unknown = || bad(format!("the working-tree-encoding '{}' is not known", name.escape_debug()));
            WorkingEncoding::named(&name).ok_or_else(unknown)
        }
    }
}
