//! A file at a URL with a SHA-256 as ref: what `tar` and `remote` have in common.

mod http;
mod mirror;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use spec_model::{Mapping, Place, Value};

use crate::context::{HttpOptions, SourceContext};
use crate::error::{SourceError, SourceName};
use crate::source::{SourceWarning, Tracked};
use crate::stream::HashingReader;
use crate::url::{Location, Target};
use crate::watch::Watch;
use http::Download;
use mirror::Mirror;

/// The keys of every source, and of every source with a URL.
pub(crate) const KEYS: [&str; 7] =
    ["kind", "directory", "provenance", "url", "ref", "version-guess-pattern", "version"];

/// A file that can be downloaded.
#[derive(Debug)]
pub(crate) struct DownloadableFile {
    pub(crate) name: SourceName,
    pub(crate) location: Location,
    reference: Option<String>,
    /// The version or the pattern to guess it by; part of the key because BuildStream says so.
    version: Option<String>,
    place: Option<Place>,
    mirror: Mirror,
    http: HttpOptions,
}

/// Where the bytes are.
enum Original {
    /// Downloaded before, under the name of its SHA-256.
    Mirrored(PathBuf),
    /// At its `file:` URL; it is read there, never copied.
    InPlace { url: String, path: PathBuf },
}

impl DownloadableFile {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        let url = config.str("url")?;
        let place = config.require("url")?.place.clone();
        let location = Location::new(url, |alias| context.alias(alias)).map_err(|alias| {
            SourceError::UnknownAlias { name: name.clone(), alias, url: url.to_owned(), place: place.clone() }
        })?;
        let version = match config.opt_str("version")? {
            Some(version) => Some(version),
            None => config.opt_str("version-guess-pattern")?,
        };
        let mirror = Mirror::new(context.mirror_directory.join(name.kind).join(location.directory_name()));
        Ok(Self {
            reference: config.opt_str("ref")?.map(str::to_owned),
            version: version.map(str::to_owned),
            name,
            location,
            place,
            mirror,
            http: context.http,
        })
    }

    /// The beginning of the unique key; `None` without a ref.
    pub(crate) fn key(&self) -> Option<Vec<Value>> {
        let texts = [Some(&self.location.original), Some(self.reference.as_ref()?), self.version.as_ref()];
        Some(texts.into_iter().flatten().map(|text| Value::Str(text.clone())).collect())
    }

    pub(crate) fn reference(&self) -> Option<Value> {
        self.reference.as_deref().map(Value::from)
    }

    pub(crate) fn set_ref(&mut self, reference: Option<Value>) {
        self.reference = match reference {
            Some(Value::Str(sha256)) => Some(sha256),
            _ => None,
        };
    }

    pub(crate) fn warnings(&self) -> Vec<SourceWarning> {
        let message = || format!("{}: the url '{}' uses no alias", self.name, self.location.original);
        let warning =
            || SourceWarning { token: "unaliased-url", message: message(), place: self.place.clone() };
        self.location.unaliased.then(warning).into_iter().collect()
    }

    fn required_ref(&self) -> Result<&str, SourceError> {
        self.reference.as_deref().ok_or_else(|| SourceError::NoRef { name: self.name.clone() })
    }

    fn original(&self) -> Option<Original> {
        let mirrored = self.mirror.file(self.reference.as_deref()?)?;
        if mirrored.is_file() {
            return Some(Original::Mirrored(mirrored));
        }
        self.location.to_fetch().find_map(|url| match Target::of(url) {
            Ok(Target::File(path)) if path.is_file() => Some(Original::InPlace { url: url.to_owned(), path }),
            _ => None,
        })
    }

    /// Whether the bytes can be had without a network. Whether they are the right ones shows when they are used.
    pub(crate) fn is_cached(&self) -> bool {
        self.original().is_some()
    }

    /// Downloads into the mirror what has not been; only bytes with the ref's SHA-256 get there.
    pub(crate) fn fetch(&self, watch: &Watch) -> Result<(), SourceError> {
        let expected = self.required_ref()?;
        if self.is_cached() {
            return Ok(());
        }
        self.first(self.location.to_fetch(), |url| {
            let actual = self.obtain(url, None, watch)?;
            if actual == expected { Ok(()) } else { Err(self.wrong_ref(url, expected, actual)) }
        })
    }

    /// Looks at what is at the URL now.
    pub(crate) fn track(&self, watch: &Watch) -> Result<Tracked, SourceError> {
        let old = self.reference.as_deref();
        let known = old.filter(|sha| self.mirror.file(sha).is_some_and(|file| file.is_file()));
        let new = self.first(self.location.to_track(), |url| self.obtain(url, known, watch))?;
        Ok(Tracked { old: old.map(Value::from), new: Value::from(new) })
    }

    /// The first success; other URLs are tried after errors of the network.
    fn first<'u, T>(
        &self,
        urls: impl Iterator<Item = &'u str>,
        attempt: impl Fn(&str) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let mut outcome = Err(SourceError::NotFetched { name: self.name.clone() });
        for url in urls {
            outcome = attempt(url);
            match &outcome {
                Err(error) if error.is_temporary() => tracing::debug!("{error}"),
                _ => break,
            }
        }
        outcome
    }

    /// The SHA-256 of what is at `url`; a server's file is in the mirror afterwards. `known` is there already.
    fn obtain(&self, url: &str, known: Option<&str>, watch: &Watch) -> Result<String, SourceError> {
        let bad = |why| SourceError::BadUrl {
            name: self.name.clone(),
            url: url.to_owned(),
            why,
            place: self.place.clone(),
        };
        match Target::of(url).map_err(bad)? {
            Target::File(path) => {
                let reader = open(&path, watch).map_err(|error| self.unreachable(url, &error))?;
                reader.finish().map(|digest| digest.hex()).map_err(|error| self.io(&path, error))
            }
            Target::Http => {
                let expected = self.reference.as_deref().filter(|_| known.is_none());
                Download { name: &self.name, url, options: &self.http, mirror: &self.mirror, watch }
                    .run(known, expected)
            }
        }
    }

    /// Uses the bytes, while all of them are hashed. What `consume` made counts only if they were the right ones.
    pub(crate) fn read<T>(
        &self,
        watch: &Watch,
        consume: impl FnOnce(&mut HashingReader) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let expected = self.required_ref()?;
        let original = self.original().ok_or_else(|| SourceError::NotFetched { name: self.name.clone() })?;
        let path = match &original {
            Original::Mirrored(path) | Original::InPlace { path, .. } => path,
        };
        let mut reader = open(path, watch).map_err(|error| self.io(path, error))?;
        let made = consume(&mut reader);
        let actual = reader.finish().map_err(|error| self.io(path, error))?.hex();
        if actual == expected {
            return made;
        }
        Err(match original {
            Original::Mirrored(path) => SourceError::MirrorCorrupt { name: self.name.clone(), path, actual },
            Original::InPlace { url, .. } => self.wrong_ref(&url, expected, actual),
        })
    }

    fn wrong_ref(&self, url: &str, expected: &str, actual: String) -> SourceError {
        SourceError::WrongRef {
            name: self.name.clone(),
            url: url.to_owned(),
            expected: expected.to_owned(),
            actual,
        }
    }

    fn unreachable(&self, url: &str, error: &io::Error) -> SourceError {
        let why = error.to_string();
        SourceError::Download { name: self.name.clone(), url: url.to_owned(), attempts: 1, why }
    }

    fn io(&self, path: &Path, error: io::Error) -> SourceError {
        let (name, path) = (self.name.clone(), path.to_path_buf());
        match error.kind() {
            io::ErrorKind::Interrupted => SourceError::Cancelled { name },
            _ => SourceError::Io { name, action: "read", path, error },
        }
    }
}

fn open(path: &Path, watch: &Watch) -> io::Result<HashingReader> {
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    Ok(HashingReader::new(file, Some(total), watch))
}
