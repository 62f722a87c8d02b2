//! Errors of sources.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use spec_cas::CasError;
use spec_model::{Blame, FilePosition, NodeError, UserError};

use crate::archive::{ArchiveError, ImportError};
use crate::git_error::GitError;
use crate::index_error::IndexError;
use crate::patch_error::PatchError;
use crate::url::{AliasRefusal, without_password};

/// Identifies a source of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceName {
    /// The element's full name.
    pub element: Arc<str>,
    /// The position in the element's list of sources, from 0.
    pub index: usize,
    /// The source's kind.
    pub kind: &'static str,
    /// Where it is declared; `None` if a program made it.
    pub position: Option<FilePosition>,
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} source {}", self.element, self.kind, self.index + 1)
    }
}

impl SourceName {
    /// The error that the store does not take or have something of the source.
    pub(crate) fn cas_error(&self, error: CasError) -> SourceError {
        SourceError::Cas { who: self.to_string(), error: Box::new(error) }
    }

    /// The error that an archive at a URL is not staged.
    pub(crate) fn import_error(&self, url: &str, error: ImportError) -> SourceError {
        match error {
            ImportError::Cas(error) => self.cas_error(error),
            ImportError::Archive(error) => {
                SourceError::Archive { name: self.clone(), url: without_password(url), error }
            }
        }
    }

    /// The error that the file at a path cannot be read or written.
    pub(crate) fn io_error(&self, action: &'static str, path: &Path, error: io::Error) -> SourceError {
        let (name, path) = (self.clone(), path.to_path_buf());
        match error.kind() {
            // A reader that is cancelled answers so.
            io::ErrorKind::Interrupted => SourceError::Cancelled { name },
            _ => SourceError::Io { name, action, path, error },
        }
    }

    /// The error that there is something else than the ref says at a URL.
    pub(crate) fn wrong_ref(&self, url: &str, expected: &str, actual: String) -> SourceError {
        let (url, expected) = (without_password(url), expected.to_owned());
        SourceError::WrongRef { name: self.clone(), url, expected, actual }
    }
}

/// A source that cannot be configured, fetched, tracked or staged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Its configuration has a wrong, missing or unknown key.
    #[error("{error}")]
    Config {
        /// What is wrong, and where.
        error: NodeError,
    },
    /// No kind of that name. Reason `unknown-source-kind`.
    #[error("{element}: there is no source kind '{kind}'; the kinds are {known}")]
    UnknownKind {
        /// The element that asks for it.
        element: Arc<str>,
        /// The name asked for.
        kind: String,
        /// The kinds that there are.
        known: String,
        /// Where it is asked for.
        position: Option<FilePosition>,
    },
    /// An alias that the project does not define. Reason `invalid-source-alias`, as BuildStream's.
    #[error("{name}: the alias '{alias}' of '{url}' is not in the aliases of project.conf")]
    UnknownAlias {
        /// The source.
        name: SourceName,
        /// The name before the colon.
        alias: String,
        /// The URL as written.
        url: String,
        /// Where it is written.
        position: Option<FilePosition>,
    },
    /// An alias that the junction of the source's project does not permit.
    #[error("{name}: {}", refusal.message)]
    RefusedAlias {
        /// The source.
        name: SourceName,
        /// Why.
        refusal: AliasRefusal,
        /// Where the URL is written.
        position: Option<FilePosition>,
    },
    /// A URL that cannot be downloaded from. Reason `invalid-source-url`.
    #[error("{name}: cannot download '{url}': {why}; expected {expected}")]
    BadUrl {
        /// The source.
        name: SourceName,
        /// The URL, aliases resolved.
        url: String,
        /// What is wrong with it.
        why: String,
        /// What URLs of the source may be.
        expected: &'static str,
        /// Where it is written.
        position: Option<FilePosition>,
    },
    /// A ref that is not a SHA-256. Reason `invalid-ref`.
    #[error("{name}: {}", wrong_ref(reference))]
    BadRef {
        /// The source.
        name: SourceName,
        /// The ref as written.
        reference: String,
        /// Where it is written.
        position: Option<FilePosition>,
    },
    /// A path that a project may not use. The reasons are BuildStream's.
    #[error("the path '{path}' {why}")]
    BadPath {
        /// The path as written.
        path: String,
        /// What is wrong with it, and what is expected.
        why: &'static str,
        /// `missing-file`, `proj-path-invalid` or `proj-path-invalid-kind`.
        reason: &'static str,
        /// Where it is written.
        position: Option<FilePosition>,
    },
    /// A file name with a slash. Reason `filename-contains-directory`, as BuildStream's.
    #[error("{name}: the filename '{filename}' must not contain directories")]
    FilenameHasDirectory {
        /// The source.
        name: SourceName,
        /// The name as written.
        filename: String,
        /// Where it is written.
        position: Option<FilePosition>,
    },
    /// The source has no ref. Reason `missing-ref`.
    #[error("{name} has no ref")]
    NoRef {
        /// The source.
        name: SourceName,
    },
    /// The file at the URL does not have the SHA-256 of the ref. Reason `wrong-ref`.
    #[error("{name}: {url} has SHA-256 {actual}, but the ref says {expected}")]
    WrongRef {
        /// The source.
        name: SourceName,
        /// The URL, aliases resolved.
        url: String,
        /// The SHA-256 in the ref.
        expected: String,
        /// The SHA-256 of the file.
        actual: String,
    },
    /// The stored download does not have the contents of its name. Reason `mirror-corrupt`.
    #[error("{name}: {} is damaged, its SHA-256 is {actual}", path.display())]
    DamagedDownload {
        /// The source.
        name: SourceName,
        /// The stored file.
        path: PathBuf,
        /// The SHA-256 of its contents.
        actual: String,
    },
    /// The server has no such file. Reason `download-refused`.
    #[error("{name}: the server answers {status} to {url}")]
    Refused {
        /// The source.
        name: SourceName,
        /// The URL, aliases resolved.
        url: String,
        /// The status of HTTP, or the code of FTP.
        status: u16,
    },
    /// The server cannot be reached, or breaks off. Reason `download-failed`.
    #[error("{name}: cannot download {url}: {why} (attempts: {attempts})")]
    Download {
        /// The source.
        name: SourceName,
        /// The URL, aliases resolved.
        url: String,
        /// The number of attempts.
        attempts: u32,
        /// The failure of the last attempt.
        why: String,
    },
    /// The download fails for a reason that another attempt does not change. Reason `download-failed`.
    #[error("{name}: cannot download {url}: {why}")]
    Unobtainable {
        /// The source.
        name: SourceName,
        /// The URL, aliases resolved.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// Neither its URL nor a mirror has it. The reason is that of the last one tried.
    #[error("{name}: the file is at none of its URLs: {}", failures.join("; "))]
    AllUrlsFailed {
        /// The source.
        name: SourceName,
        /// Every URL and its failure.
        failures: Vec<String>,
        /// A stable code.
        reason: &'static str,
    },
    /// It has not been fetched. Reason `source-not-fetched`.
    #[error("{name} is not fetched")]
    NotFetched {
        /// The source.
        name: SourceName,
    },
    /// The archive cannot be staged.
    #[error("{name}: cannot unpack {url}: {error}")]
    Archive {
        /// The source.
        name: SourceName,
        /// The URL, aliases resolved.
        url: String,
        /// What is wrong with it.
        error: ArchiveError,
    },
    /// The git repository cannot be fetched, tracked or staged.
    #[error("{name}: {url}: {error}")]
    Git {
        /// The source.
        name: SourceName,
        /// The URL, aliases resolved.
        url: String,
        /// What is wrong with it.
        error: GitError,
    },
    /// The server that knows the releases does not say what is wanted.
    #[error("{name}: {url}: {error}")]
    Index {
        /// The source.
        name: SourceName,
        /// The URL, aliases resolved.
        url: String,
        /// What is wrong with the answer.
        error: IndexError,
    },
    /// A patch does not apply.
    #[error("{name}: {patch}: {error}")]
    Patch {
        /// The source.
        name: SourceName,
        /// The path of the patch in the project.
        patch: String,
        /// What does not apply, and where.
        error: PatchError,
    },
    /// Two sources of the element have entries at the same path, or the store failed.
    #[error("{who}: {error}")]
    Cas {
        /// The source or the element.
        who: String,
        /// The store's error.
        error: Box<CasError>,
    },
    /// The operating system refused. Reason `source-io`.
    #[error("{name}: cannot {action} {}: {error}", path.display())]
    Io {
        /// The source.
        name: SourceName,
        /// What was tried: "read", "create".
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The user cancelled. Reason `cancelled`.
    #[error("{name}: stopped")]
    Cancelled {
        /// The source.
        name: SourceName,
    },
}

impl SourceError {
    /// The failure of one URL, if another URL may succeed.
    pub(crate) fn failure_of_url(&self) -> Option<String> {
        match self {
            Self::Download { url, why, attempts, .. } => Some(format!("{url}: {why} (attempts: {attempts})")),
            Self::Unobtainable { url, why, .. } => Some(format!("{url}: {why}")),
            Self::Refused { url, status, .. } => Some(format!("{url}: the server answers {status}")),
            Self::WrongRef { url, expected, actual, .. } => {
                Some(format!("{url} has SHA-256 {actual}, but the ref says {expected}"))
            }
            Self::Index { url, error, .. } => Some(format!("{url}: {error}")),
            Self::Git { url, error, .. } if error.is_of_url() => Some(format!("{url}: {error}")),
            _ => None,
        }
    }

    /// The code of an error of a URL.
    pub(crate) fn reason_of_url(&self) -> &'static str {
        match self {
            Self::WrongRef { .. } => "wrong-ref",
            Self::Refused { .. } => "download-refused",
            Self::Git { error, .. } => error.reason(),
            Self::Index { error, .. } => error.reason(),
            _ => "download-failed",
        }
    }
}

/// The advice for a refusal.
fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 | 530 => {
            "if it wants a login, put one for its machine into ~/.netrc; otherwise check the url"
        }
        407 => {
            "write the proxy's login into the variable that names it, as in http://USER:PASSWORD@HOST:PORT"
        }
        _ => "check the url",
    }
}

/// The message about a wrong ref.
fn wrong_ref(reference: &str) -> String {
    const EXPECTED: &str = "expected the SHA-256 of the file, 64 digits of 0-9 and a-f";
    let hex = reference.chars().all(|c| c.is_ascii_hexdigit());
    match reference.chars().count() {
        0 => format!("the ref is empty; {EXPECTED}"),
        count if hex && count != 64 => format!("the ref '{reference}' has {count} digits; {EXPECTED}"),
        _ => format!("the ref '{reference}' is not a digest; {EXPECTED}"),
    }
}

impl UserError for SourceError {
    fn blame(&self) -> Blame {
        match self {
            Self::Config { .. }
            | Self::UnknownKind { .. }
            | Self::UnknownAlias { .. }
            | Self::RefusedAlias { .. }
            | Self::BadUrl { .. }
            | Self::BadRef { .. }
            | Self::BadPath { .. }
            | Self::FilenameHasDirectory { .. }
            | Self::Patch { .. }
            | Self::NoRef { .. } => Blame::Project,
            Self::WrongRef { .. }
            | Self::Refused { .. }
            | Self::Download { .. }
            | Self::Unobtainable { .. }
            | Self::AllUrlsFailed { .. }
            | Self::Archive { .. } => Blame::Remote,
            Self::DamagedDownload { .. } | Self::NotFetched { .. } | Self::Io { .. } => Blame::Machine,
            Self::Git { error, .. } => error.blame(),
            Self::Index { error, .. } => error.blame(),
            Self::Cas { error, .. } => error.blame(),
            Self::Cancelled { .. } => Blame::Cancelled,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Config { error } => error.reason(),
            Self::UnknownKind { .. } => "unknown-source-kind",
            Self::UnknownAlias { .. } => "invalid-source-alias",
            Self::RefusedAlias { refusal, .. } => refusal.reason,
            Self::BadUrl { .. } => "invalid-source-url",
            Self::BadRef { .. } => "invalid-ref",
            Self::BadPath { reason, .. } | Self::AllUrlsFailed { reason, .. } => reason,
            Self::FilenameHasDirectory { .. } => "filename-contains-directory",
            Self::NoRef { .. } => "missing-ref",
            Self::WrongRef { .. } => "wrong-ref",
            Self::DamagedDownload { .. } => "mirror-corrupt",
            Self::Refused { .. } => "download-refused",
            Self::Download { .. } | Self::Unobtainable { .. } => "download-failed",
            Self::NotFetched { .. } => "source-not-fetched",
            Self::Archive { error, .. } => error.reason(),
            Self::Git { error, .. } => error.reason(),
            Self::Index { error, .. } => error.reason(),
            Self::Patch { error, .. } => error.reason(),
            Self::Cas { error, .. } if matches!(**error, CasError::Collision { .. }) => "stage-sources-fail",
            Self::Cas { error, .. } => error.reason(),
            Self::Io { .. } => "source-io",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    fn position(&self) -> Option<&FilePosition> {
        match self {
            Self::Config { error } => error.position(),
            Self::UnknownKind { position, .. }
            | Self::UnknownAlias { position, .. }
            | Self::RefusedAlias { position, .. }
            | Self::BadUrl { position, .. }
            | Self::BadRef { position, .. }
            | Self::BadPath { position, .. }
            | Self::FilenameHasDirectory { position, .. } => position.as_ref(),
            Self::NoRef { name }
            | Self::WrongRef { name, .. }
            | Self::DamagedDownload { name, .. }
            | Self::Refused { name, .. }
            | Self::Download { name, .. }
            | Self::Unobtainable { name, .. }
            | Self::AllUrlsFailed { name, .. }
            | Self::NotFetched { name }
            | Self::Archive { name, .. }
            | Self::Git { name, .. }
            | Self::Index { name, .. }
            | Self::Patch { name, .. }
            | Self::Io { name, .. } => name.position.as_ref(),
            Self::Cas { .. } | Self::Cancelled { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Config { error } => error.hint(),
            Self::UnknownAlias { alias, .. } => Some(match alias.contains('@') {
                true => format!("write ssh://{alias}/PATH, or an alias for '{alias}:'"),
                false => "add it or write a full URL".to_owned(),
            }),
            Self::RefusedAlias { .. } => Some("set 'aliases' or 'map-aliases' of the junction".to_owned()),
            Self::BadRef { name, .. } => {
                Some(format!("to have the right one written, run: spec-host source track {}", name.element))
            }
            Self::FilenameHasDirectory { .. } => Some("use the key 'directory' for them".to_owned()),
            Self::NoRef { name } => Some(format!("spec-host source track {}", name.element)),
            Self::WrongRef { name, .. } => Some(format!(
                "if the new file is the right one, run: spec-host source track {}",
                name.element
            )),
            Self::DamagedDownload { name, .. } => {
                Some(format!("delete it and run: spec-host source fetch {}", name.element))
            }
            Self::Refused { status, .. } => Some(advice(*status).to_owned()),
            Self::Download { .. } => Some("check the network and run again".to_owned()),
            Self::Unobtainable { .. } => Some("check the url".to_owned()),
            Self::AllUrlsFailed { .. } => Some("check the urls and the network".to_owned()),
            Self::NotFetched { name } => Some(format!("spec-host source fetch {}", name.element)),
            Self::Archive { error, .. } => error.hint().map(str::to_owned),
            Self::Git { name, error, .. } => error.hint(&name.element),
            Self::Index { error, .. } => Some(error.hint()),
            Self::Patch { error, .. } => error.hint().map(str::to_owned),
            Self::Cas { error, .. } => error.hint(),
            Self::UnknownKind { .. }
            | Self::BadUrl { .. }
            | Self::BadPath { .. }
            | Self::Io { .. }
            | Self::Cancelled { .. } => None,
        }
    }
}

impl From<NodeError> for SourceError {
    fn from(error: NodeError) -> Self {
        Self::Config { error }
    }
}
