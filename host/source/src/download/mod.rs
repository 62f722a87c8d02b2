//! A file at a URL with a SHA-256 as ref: the common part of `tar` and `remote`.

mod attempts;
mod download_file;
mod download_folder;
mod failure;
mod ftp;
mod http_client;
mod netrc;
mod web_question;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use spec_model::{FilePosition, Mapping, Node, Value};

use crate::context::SourceContext;
use crate::declared_version::DeclaredVersion;
use crate::error::{SourceError, SourceName};
use crate::hashing_reader::HashingReader;
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;
use crate::source::{SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::text_ref::TextRef;
use crate::url::{AliasedUrl, EXPECTED, UrlTarget, without_password};
use crate::url_attempts;
pub(crate) use attempts::Attempts;
use download_file::Download;
pub(crate) use download_folder::{DownloadFolder, PartialDownload};
pub(crate) use failure::{Failure, answered, broke_off};
pub(crate) use http_client::HttpClient;
pub(crate) use web_question::{LONGEST, WebQuestion, body};

/// The keys of every source, and of every source with a URL.
pub(crate) const KEYS: [&str; 7] =
    ["kind", "directory", "provenance", "url", "ref", "version-guess-pattern", "version"];

/// A file that can be downloaded.
#[derive(Debug)]
pub(crate) struct DownloadableFile {
    pub(crate) name: SourceName,
    pub(crate) url: Arc<AliasedUrl>,
    reference: TextRef,
    /// Where the ref is written.
    reference_place: Option<FilePosition>,
    version: DeclaredVersion,
    position: Option<FilePosition>,
    folder: DownloadFolder,
    http: Arc<HttpOptions>,
    /// The file of this machine that had the right bytes when the source was fetched.
    verified: OnceLock<FileLocation>,
}

/// Downloads a file with this SHA-256 into a folder, and returns its path there. Errors call it a source of `who`.
///
/// # Errors
/// When the URL is wrong, the file is not there, or has another SHA-256.
pub fn download_file(
    who: &str,
    url: &str,
    sha256: &str,
    folder: &Path,
    options: &HttpOptions,
    monitor: &FetchMonitor,
) -> Result<PathBuf, SourceError> {
    let name = SourceName { element: who.into(), index: 0, kind: "remote", position: None };
    let bad_url = |why: String| {
        let (name, url) = (name.clone(), without_password(url));
        SourceError::BadUrl { name, url, why, expected: EXPECTED, position: None }
    };
    if let UrlTarget::File(_) = UrlTarget::of(url).map_err(bad_url)? {
        return Err(bad_url("it is not on a server".to_owned()));
    }
    let files = DownloadFolder::new(folder.to_owned());
    let download = Download { name: &name, url, options, folder: &files, monitor };
    let actual = download.run(None, Some(sha256))?;
    if actual != sha256 {
        return Err(name.wrong_ref(url, sha256, actual));
    }
    Ok(folder.join(sha256))
}

/// Where the bytes are.
#[derive(Clone, Debug)]
enum FileLocation {
    /// Downloaded before, under the name of its SHA-256.
    Downloaded(PathBuf),
    /// At its `file:` URL; it is read there, never copied.
    InPlace { url: String, path: PathBuf },
}

impl FileLocation {
    fn path(&self) -> &Path {
        match self {
            Self::Downloaded(path) | Self::InPlace { path, .. } => path,
        }
    }
}

impl DownloadableFile {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        let url = SourceUrl::of_node(&name, context, config.require("url")?)?;
        let folder = context.download_directory.join(name.kind).join(url.url.directory_name());
        Ok(Self {
            reference: TextRef::configure(config)?,
            reference_place: config.get("ref").and_then(|node| node.position.clone()),
            version: DeclaredVersion::configure(config)?,
            ..Self::at(name, context, url, folder)
        })
    }

    /// The file at a URL, without a ref. Downloads are kept in `folder`.
    pub(crate) fn at(name: SourceName, context: &SourceContext, url: SourceUrl, folder: PathBuf) -> Self {
        let SourceUrl { url, position } = url;
        Self {
            reference: TextRef::default(),
            reference_place: None,
            version: DeclaredVersion::None,
            name,
            url,
            position,
            folder: DownloadFolder::new(folder),
            http: Arc::clone(&context.http),
            verified: OnceLock::new(),
        }
    }

    /// The file with this SHA-256 at a URL. Downloads are kept in `folder`.
    pub(crate) fn with_sha256(
        name: &SourceName,
        context: &SourceContext,
        url: SourceUrl,
        folder: PathBuf,
        sha256: &str,
        place: Option<FilePosition>,
    ) -> Self {
        let reference = TextRef::of(sha256);
        Self { reference, reference_place: place, ..Self::at(name.clone(), context, url, folder) }
    }

    /// The beginning of the unique key; `None` without a ref.
    pub(crate) fn key(&self) -> Option<Vec<Value>> {
        let mut key = vec![self.url.original.as_str().into(), self.reference.text()?.into()];
        self.version.append_to(&mut key);
        Some(key)
    }

    pub(crate) fn reference(&self) -> Option<Value> {
        self.reference.value()
    }

    pub(crate) fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.reference.set(reference)
    }

    pub(crate) fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let guess = self.version.guess(Some(&self.url.original))?;
        // As for BuildStream, what has no ref yet has no version.
        let version = self.reference.text().unwrap_or_default();
        Ok(vec![SourceInfo::remote_file(&self.url.resolved, version, guess)])
    }

    pub(crate) fn warnings(&self) -> Vec<SourceWarning> {
        let url = SourceUrl { url: self.url.clone(), position: self.position.clone() };
        url.warning(&self.name).into_iter().collect()
    }

    /// The ref, which must be a SHA-256.
    fn required_ref(&self) -> Result<&str, SourceError> {
        self.reference.required_sha256(&self.name, self.reference_place.as_ref())
    }

    /// Finds errors before anything is downloaded.
    pub(crate) fn check(&self) -> Result<(), SourceError> {
        self.required_ref()?;
        self.target(&self.url.resolved).map(drop)
    }

    fn target(&self, url: &str) -> Result<UrlTarget, SourceError> {
        UrlTarget::of(url).map_err(|why| SourceError::BadUrl {
            name: self.name.clone(),
            url: without_password(url),
            why,
            expected: EXPECTED,
            position: self.position.clone(),
        })
    }

    fn downloaded(&self) -> Option<PathBuf> {
        self.folder.file(self.reference.text()?).filter(|file| file.is_file())
    }

    /// Whether it has been downloaded. As for BuildStream, a file at a `file:` URL has not, even if it is there.
    pub(crate) fn is_cached(&self) -> bool {
        self.downloaded().is_some()
    }

    /// The places where the bytes may be, the best first. They are verified when they are used.
    fn locations(&self) -> Vec<FileLocation> {
        if let Some(downloaded) = self.downloaded() {
            return vec![FileLocation::Downloaded(downloaded)];
        }
        if let Some(found) = self.verified.get() {
            return vec![found.clone()];
        }
        self.url.fetch_order().filter_map(in_place).collect()
    }

    /// Downloads the file if it is not in the folder; only bytes with the ref's SHA-256 are stored there.
    pub(crate) fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        let expected = self.required_ref()?;
        if self.is_cached() {
            return Ok(());
        }
        let urls: Vec<&str> = self.url.fetch_order().collect();
        if let [only] = urls[..]
            && in_place(only).is_some()
        {
            // It stays in place, and is verified when it is read.
            return Ok(());
        }
        self.try_urls(&urls, monitor, |url| {
            let actual = self.sha256_at(url, None, monitor)?;
            if actual != expected {
                return Err(self.name.wrong_ref(url, expected, actual));
            }
            if let Some(location) = in_place(url) {
                // Another thread may have set it to an equally good file.
                let _ = self.verified.set(location);
            }
            Ok(())
        })
    }

    /// Finds the SHA-256 of the file at the URL now.
    pub(crate) fn track(&self, monitor: &FetchMonitor) -> Result<TrackedRef, SourceError> {
        let old = self.reference.text();
        let known = old.filter(|sha| self.folder.file(sha).is_some_and(|file| file.is_file()));
        let urls: Vec<&str> = self.url.track_order().collect();
        let new = self.try_urls(&urls, monitor, |url| match self.target(url)? {
            UrlTarget::File(path) => self.copied(url, &path, monitor),
            UrlTarget::Http | UrlTarget::Ftp => self.sha256_at(url, known, monitor),
        })?;
        if let Some(old) = old.filter(|old| *old != new) {
            let url = without_password(&self.url.resolved);
            let text = format!(
                "{}: Potential man-in-the-middle attack! Or {url} has another file since: its ref was {old}, and is {new}",
                self.name
            );
            monitor.warn("ref-changed", &text);
        }
        Ok(TrackedRef::text(old.map(Value::from), new))
    }

    /// The SHA-256 of a file of this machine, which is copied into the folder: what was tracked is fetched, as for BuildStream.
    fn copied(&self, url: &str, path: &Path, monitor: &FetchMonitor) -> Result<String, SourceError> {
        let mut reader = open(path, monitor).map_err(|error| self.unreadable(url, &error))?;
        let copy = || -> io::Result<String> {
            let mut part = self.folder.part()?;
            io::copy(&mut reader, &mut part.file)?;
            let sha256 = reader.finish()?.hex();
            self.folder.publish(part, &sha256, None)?;
            Ok(sha256)
        };
        copy().map_err(|error| self.name.io_error("read", path, error))
    }

    /// As [`url_attempts::try_urls`]; tells of mirrors that have another file.
    fn try_urls<T>(
        &self,
        urls: &[&str],
        monitor: &FetchMonitor,
        attempt: impl Fn(&str) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let next = |error: &SourceError, failure: &str| {
            if matches!(error, SourceError::WrongRef { .. }) {
                let text = format!("{}: {failure}; the next URL is tried", self.name);
                monitor.warn("wrong-mirror", &text);
            }
        };
        url_attempts::try_urls(&self.name, urls, next, attempt)
    }

    /// The SHA-256 of the file at `url`; a server's file is in the folder afterwards. `known` is there already.
    fn sha256_at(
        &self,
        url: &str,
        known: Option<&str>,
        monitor: &FetchMonitor,
    ) -> Result<String, SourceError> {
        match self.target(url)? {
            UrlTarget::File(path) => {
                let reader = open(&path, monitor).map_err(|error| self.unreadable(url, &error))?;
                reader
                    .finish()
                    .map(|digest| digest.hex())
                    .map_err(|error| self.name.io_error("read", &path, error))
            }
            UrlTarget::Http | UrlTarget::Ftp => {
                let expected = self.reference.text().filter(|_| known.is_none());
                Download { name: &self.name, url, options: &self.http, folder: &self.folder, monitor }
                    .run(known, expected)
            }
        }
    }

    /// Passes the bytes to `consume` while they are hashed. The result of `consume` is used only if the hash is
    /// right; otherwise it is called again for the next place.
    pub(crate) fn read<T>(
        &self,
        monitor: &FetchMonitor,
        consume: impl Fn(&mut HashingReader) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let expected = self.required_ref()?;
        let mut outcome = Err(SourceError::NotFetched { name: self.name.clone() });
        for location in self.locations() {
            outcome = self.read_from(location, expected, monitor, &consume);
            match &outcome {
                Err(error @ SourceError::WrongRef { .. }) => tracing::debug!("{error}"),
                _ => break,
            }
        }
        outcome
    }

    /// Calls `consume` with the file when its hash is right, at its beginning.
    pub(crate) fn read_file<T>(
        &self,
        monitor: &FetchMonitor,
        consume: impl Fn(File) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let expected = self.required_ref()?;
        let mut outcome = Err(SourceError::NotFetched { name: self.name.clone() });
        for location in self.locations() {
            let path = location.path().to_path_buf();
            outcome = self.read_from(location, expected, monitor, |_| {
                spec_files::open(&path).map_err(|error| self.name.io_error("read", &path, error))
            });
            match &outcome {
                Err(error @ SourceError::WrongRef { .. }) => tracing::debug!("{error}"),
                _ => break,
            }
        }
        consume(outcome?)
    }

    fn read_from<T>(
        &self,
        location: FileLocation,
        expected: &str,
        monitor: &FetchMonitor,
        consume: impl Fn(&mut HashingReader) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let path = location.path();
        let mut reader = open(path, monitor).map_err(|error| self.name.io_error("read", path, error))?;
        let made = consume(&mut reader);
        let actual = reader.finish().map_err(|error| self.name.io_error("read", path, error))?.hex();
        if actual == expected {
            return made;
        }
        Err(match location {
            FileLocation::Downloaded(path) => {
                SourceError::DamagedDownload { name: self.name.clone(), path, actual }
            }
            FileLocation::InPlace { url, .. } => self.name.wrong_ref(&url, expected, actual),
        })
    }

    fn unreadable(&self, url: &str, error: &io::Error) -> SourceError {
        SourceError::Unobtainable {
            name: self.name.clone(),
            url: without_password(url),
            why: error.to_string(),
        }
    }
}

/// The file of this machine that a URL names, if it exists.
fn in_place(url: &str) -> Option<FileLocation> {
    match UrlTarget::of(url) {
        Ok(UrlTarget::File(path)) if path.is_file() => {
            Some(FileLocation::InPlace { url: url.to_owned(), path })
        }
        _ => None,
    }
}

fn open(path: &Path, monitor: &FetchMonitor) -> io::Result<HashingReader> {
    let file = spec_files::open(path)?;
    let total = file.metadata()?.len();
    Ok(HashingReader::new(file, Some(total), monitor))
}
