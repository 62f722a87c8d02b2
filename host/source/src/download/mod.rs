//! A file at a URL with a SHA-256 as ref: what `tar` and `remote` have in common.

mod client;
mod http;
mod mirror;
mod netrc;
mod proxy;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use spec_model::{Mapping, Place, Value};

use crate::context::{HttpOptions, SourceContext};
use crate::error::{SourceError, SourceName};
use crate::source::{SourceWarning, Tracked};
use crate::stream::HashingReader;
use crate::url::{Location, Target, shown};
use crate::watch::Watch;
use http::Download;
use mirror::Mirror;
pub use proxy::Proxies;

/// The keys of every source, and of every source with a URL.
pub(crate) const KEYS: [&str; 7] =
    ["kind", "directory", "provenance", "url", "ref", "version-guess-pattern", "version"];

/// A file that can be downloaded.
#[derive(Debug)]
pub(crate) struct DownloadableFile {
    pub(crate) name: SourceName,
    pub(crate) location: Location,
    reference: Option<String>,
    /// Where the ref is written.
    reference_place: Option<Place>,
    /// The version or the pattern to guess it by; part of the key because BuildStream says so.
    version: Option<String>,
    place: Option<Place>,
    mirror: Mirror,
    http: HttpOptions,
    /// The file of this machine that had the right bytes when they were fetched.
    found: OnceLock<Original>,
}

/// Where the bytes are.
#[derive(Clone, Debug)]
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
            reference_place: config.get("ref").and_then(|node| node.place.clone()),
            version: version.map(str::to_owned),
            name,
            location,
            place,
            mirror,
            http: context.http.clone(),
            found: OnceLock::new(),
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

    /// The ref, which must be what a file can have.
    fn required_ref(&self) -> Result<&str, SourceError> {
        let reference = self.reference.as_deref();
        let reference = reference.ok_or_else(|| SourceError::NoRef { name: self.name.clone() })?;
        match self.mirror.file(reference) {
            Some(_) => Ok(reference),
            None => Err(SourceError::BadRef {
                name: self.name.clone(),
                reference: reference.to_owned(),
                place: self.reference_place.clone(),
            }),
        }
    }

    /// What can be told to be wrong before anything is downloaded.
    pub(crate) fn check(&self) -> Result<(), SourceError> {
        self.required_ref()?;
        self.target(&self.location.url).map(drop)
    }

    fn target(&self, url: &str) -> Result<Target, SourceError> {
        Target::of(url).map_err(|why| SourceError::BadUrl {
            name: self.name.clone(),
            url: shown(url),
            why,
            place: self.place.clone(),
        })
    }

    fn mirrored(&self) -> Option<PathBuf> {
        self.mirror.file(self.reference.as_deref()?).filter(|file| file.is_file())
    }

    /// Whether it has been downloaded. As for BuildStream, a file at a `file:` URL has not, even if it is there.
    pub(crate) fn is_cached(&self) -> bool {
        self.mirrored().is_some()
    }

    /// Where the bytes may be, the best place first. Whether they are the right ones shows when they are used.
    fn originals(&self) -> Vec<Original> {
        if let Some(mirrored) = self.mirrored() {
            return vec![Original::Mirrored(mirrored)];
        }
        if let Some(found) = self.found.get() {
            return vec![found.clone()];
        }
        self.location.to_fetch().filter_map(in_place).collect()
    }

    /// Downloads into the mirror what has not been; only bytes with the ref's SHA-256 get there.
    pub(crate) fn fetch(&self, watch: &Watch) -> Result<(), SourceError> {
        let expected = self.required_ref()?;
        if self.is_cached() {
            return Ok(());
        }
        let urls: Vec<&str> = self.location.to_fetch().collect();
        if let [only] = urls[..]
            && in_place(only).is_some()
        {
            // It is read where it is, and verified while that is done.
            return Ok(());
        }
        self.first(&urls, watch, |url| {
            let actual = self.obtain(url, None, watch)?;
            if actual != expected {
                return Err(self.wrong_ref(url, expected, actual));
            }
            if let Some(original) = in_place(url) {
                // Another thread may have found one as good.
                let _ = self.found.set(original);
            }
            Ok(())
        })
    }

    /// Looks at what is at the URL now.
    pub(crate) fn track(&self, watch: &Watch) -> Result<Tracked, SourceError> {
        let old = self.reference.as_deref();
        let known = old.filter(|sha| self.mirror.file(sha).is_some_and(|file| file.is_file()));
        let urls: Vec<&str> = self.location.to_track().collect();
        let new = self.first(&urls, watch, |url| self.obtain(url, known, watch))?;
        Ok(Tracked { old: old.map(Value::from), new: Value::from(new) })
    }

    /// The first success; other URLs are tried when one does not have the file.
    fn first<T>(
        &self,
        urls: &[&str],
        watch: &Watch,
        attempt: impl Fn(&str) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let mut failures = Vec::new();
        for (number, url) in urls.iter().enumerate() {
            let error = match attempt(url) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let Some(failure) = error.of_url() else { return Err(error) };
            if urls.len() == 1 {
                return Err(error);
            }
            tracing::debug!("{error}");
            if number + 1 == urls.len() {
                let reason = error.code_of_url();
                failures.push(failure);
                return Err(SourceError::NowhereRight { name: self.name.clone(), failures, reason });
            }
            if matches!(error, SourceError::WrongRef { .. }) {
                let text = format!("{}: {failure}; the next URL is tried", self.name);
                watch.warn("wrong-mirror", &text);
            }
            failures.push(failure);
        }
        Err(SourceError::NotFetched { name: self.name.clone() })
    }

    /// The SHA-256 of what is at `url`; a server's file is in the mirror afterwards. `known` is there already.
    fn obtain(&self, url: &str, known: Option<&str>, watch: &Watch) -> Result<String, SourceError> {
        match self.target(url)? {
            Target::File(path) => {
                let reader = open(&path, watch).map_err(|error| self.unreadable(url, &error))?;
                reader.finish().map(|digest| digest.hex()).map_err(|error| self.io(&path, error))
            }
            Target::Http => {
                let expected = self.reference.as_deref().filter(|_| known.is_none());
                Download { name: &self.name, url, options: &self.http, mirror: &self.mirror, watch }
                    .run(known, expected)
            }
        }
    }

    /// Uses the bytes, while all of them are hashed. What `consume` made counts only if they were the right ones; it is
    /// called again when they were not and there are others.
    pub(crate) fn read<T>(
        &self,
        watch: &Watch,
        consume: impl Fn(&mut HashingReader) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let expected = self.required_ref()?;
        let mut outcome = Err(SourceError::NotFetched { name: self.name.clone() });
        for original in self.originals() {
            outcome = self.read_from(original, expected, watch, &consume);
            match &outcome {
                Err(error @ SourceError::WrongRef { .. }) => tracing::debug!("{error}"),
                _ => break,
            }
        }
        outcome
    }

    fn read_from<T>(
        &self,
        original: Original,
        expected: &str,
        watch: &Watch,
        consume: impl Fn(&mut HashingReader) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
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
            url: shown(url),
            expected: expected.to_owned(),
            actual,
        }
    }

    fn unreadable(&self, url: &str, error: &io::Error) -> SourceError {
        SourceError::Unobtainable { name: self.name.clone(), url: shown(url), why: error.to_string() }
    }

    fn io(&self, path: &Path, error: io::Error) -> SourceError {
        let (name, path) = (self.name.clone(), path.to_path_buf());
        match error.kind() {
            io::ErrorKind::Interrupted => SourceError::Cancelled { name },
            _ => SourceError::Io { name, action: "read", path, error },
        }
    }
}

/// The file of this machine that a URL names, if it is there.
fn in_place(url: &str) -> Option<Original> {
    match Target::of(url) {
        Ok(Target::File(path)) if path.is_file() => Some(Original::InPlace { url: url.to_owned(), path }),
        _ => None,
    }
}

fn open(path: &Path, watch: &Watch) -> io::Result<HashingReader> {
    let file = spec_files::open(path)?;
    let total = file.metadata()?.len();
    Ok(HashingReader::new(file, Some(total), watch))
}
