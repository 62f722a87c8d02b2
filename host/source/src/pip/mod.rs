//! The kind `pip`: archives of the sources of Python packages, as the program pip downloads them. Nothing of them is executed.

mod pinned;
mod unfinished_folder;

use std::fs;
use std::path::{Path, PathBuf};

use spec_cas::{CasError, Entry, ImportMode, TreeBuilder};
use spec_model::{Digest, FilePosition, Mapping, Node, NodeError, UniqueKey, Value};

use crate::archive::ArchivePart;
use crate::archive_source::{ArchiveFormat, stage_archive};
use crate::context::SourceContext;
use crate::download::{DownloadableFile, WebQuestion};
use crate::error::{SourceError, SourceName};
use crate::index_error::IndexError;
use crate::monitor::FetchMonitor;
use crate::simple_index::{self, IndexedFile};
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::text_ref::TextRef;
use crate::tree_at::with_tree_at;
use crate::url::{directory_name, without_password};
use crate::url_attempts::try_urls;
use pinned::{PinnedPackage, canonical, needed_everywhere};
use unfinished_folder::UnfinishedFolder;

const KEYS: [&str; 7] = ["kind", "directory", "provenance", "url", "packages", "ref", "requirements-files"];
/// The folder that the archives are staged in.
const STAGED: &str = ".bst_pip_downloads";
/// What pages are accepted, as pip asks for them.
const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";
/// Bytes of the largest description of a package that is read.
const LARGEST_INFO: u64 = 16 << 20;

/// Packages of a Python index.
#[derive(Debug)]
pub(crate) struct PipSource {
    name: SourceName,
    context: SourceContext,
    reference: TextRef,
    reference_place: Option<FilePosition>,
    url: SourceUrl,
}

impl PipSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&KEYS)?;
        let node = config.get("url");
        let written = node.map_or(Ok("https://pypi.org/simple/"), |node| node.as_str())?;
        let url = SourceUrl::new(&name, context, written, node.and_then(|node| node.position.clone()))?;
        let (packages, files) =
            (config.str_list_or_empty("packages")?, config.str_list_or_empty("requirements-files")?);
        if packages.is_empty() && files.is_empty() {
            let message = format!("{name}: either 'packages' or 'requirements-files' is missing");
            return Err(NodeError::new("invalid-data", config.position.as_ref(), message).into());
        }
        let reference_place = config.get("ref").and_then(|node| node.position.clone());
        let reference = TextRef::configure(config)?;
        Ok(Self { context: context.clone(), reference, reference_place, name, url })
    }

    /// The packages of the ref.
    fn packages(&self) -> Result<Vec<PinnedPackage>, SourceError> {
        let text = self.reference.required(&self.name)?;
        let mut packages: Vec<PinnedPackage> = Vec::new();
        for line in text.trim().lines() {
            let Some(package) = PinnedPackage::parse(line) else {
                return Err(self.wrong_ref(format!("'{}' is not NAME==VERSION", line.escape_debug())));
            };
            match packages.iter().find(|other| other.name == package.name) {
                Some(other) if *other == package => {}
                Some(other) => {
                    let both = format!("'{}' and '{}' are the same package", other.written, package.written);
                    return Err(self.wrong_ref(both));
                }
                None => packages.push(package),
            }
        }
        Ok(packages)
    }

    fn wrong_ref(&self, why: String) -> SourceError {
        let place = self.reference_place.as_ref().or(self.name.position.as_ref());
        let error = NodeError::new("invalid-ref", place, format!("{}: in the ref, {why}", self.name));
        error.with_hint("write lines of NAME==VERSION, a package in each").into()
    }

    /// The folder of the archives of a ref, which BuildStream's plugin calls so, too.
    fn folder(&self) -> Option<PathBuf> {
        let reference = Digest::of(self.reference.text()?.as_bytes()).hex();
        Some(self.downloads().join(reference))
    }

    fn downloads(&self) -> PathBuf {
        self.context.download_directory.join(self.name.kind).join(directory_name(&self.url.url.original))
    }

    /// Downloads the packages that the index at a URL has.
    fn fetch_from(
        &self,
        index: &str,
        packages: &[PinnedPackage],
        monitor: &FetchMonitor,
    ) -> Result<(), SourceError> {
        let Some(folder) = self.folder() else { return Ok(()) };
        let written = |error| self.name.io_error("write", &folder, error);
        let unfinished = UnfinishedFolder::below(&self.downloads()).map_err(written)?;
        for package in packages {
            let page = format!("{}/{}/", index.trim_end_matches('/'), package.name);
            let file = self.find(package, &page, monitor)?;
            let (archive, sha256) = self.download(&file, &unfinished.downloads(), monitor)?;
            self.check_needed(package, packages, &file, &archive, monitor)?;
            unfinished.take(&sha256, &file.name).map_err(written)?;
        }
        unfinished.publish(&folder).map_err(written)
    }

    /// The archive of a package that its page lists, by its whole URL.
    fn find(
        &self,
        package: &PinnedPackage,
        page: &str,
        monitor: &FetchMonitor,
    ) -> Result<IndexedFile, SourceError> {
        let ask = WebQuestion { name: &self.name, options: &self.context.http, monitor };
        let no_package = |what: String| self.index_error(page, IndexError::NoEntry { what, key: "ref" });
        let answer = ask.get_answer(page, ACCEPT, simple_index::LARGEST).map_err(|error| match error {
            SourceError::Refused { status: 404, .. } => no_package(format!("package '{}'", package.name)),
            error => error,
        })?;
        let files = match answer.kind.ends_with("json") {
            true => simple_index::of_json(&answer.body).map_err(|error| self.index_error(page, error))?,
            false => simple_index::of_html(&answer.body, &answer.url),
        };
        let Some(found) = package.choose(&files).cloned() else {
            return Err(no_package(format!("archive of the sources of '{}'", package.written)));
        };
        self.on_server(&answer.url, found)
    }

    /// The file by its whole URL, which may be written relative to that of its page. An index must not name files of this machine.
    fn on_server(&self, page: &str, file: IndexedFile) -> Result<IndexedFile, SourceError> {
        let url = reqwest::Url::parse(page).and_then(|page| page.join(&file.url));
        let why = match url {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                return Ok(IndexedFile { url: url.into(), ..file });
            }
            Ok(_) => "it is not on a server".to_owned(),
            Err(error) => error.to_string(),
        };
        let why = format!("the URL of '{}': {why}", file.name.escape_debug());
        Err(self.index_error(page, IndexError::answer(simple_index::EXPECTED, why)))
    }

    /// Downloads a file, and answers with it and its SHA-256.
    fn download(
        &self,
        file: &IndexedFile,
        folder: &Path,
        monitor: &FetchMonitor,
    ) -> Result<(DownloadableFile, String), SourceError> {
        let url = SourceUrl::new(&self.name, &self.context, &file.url, self.url.position.clone())?;
        let at = || DownloadableFile::at(self.name.clone(), &self.context, url.clone(), folder.to_owned());
        // Without a SHA-256 in the index there is nothing to compare with, as for pip.
        let sha256 = match &file.sha256 {
            Some(sha256) => sha256.clone(),
            None => at().track(monitor)?.new.as_str()?.to_owned(),
        };
        let (place, folder) = (self.url.position.clone(), folder.to_owned());
        let archive =
            DownloadableFile::with_sha256(&self.name, &self.context, url.clone(), folder, &sha256, place);
        archive.fetch(monitor).map_err(|error| match error {
            SourceError::WrongRef { url, expected, actual, .. } => {
                let why = format!("its SHA-256 is {actual}, and the index says {expected}");
                self.index_error(&url, IndexError::answer("the file of the index", why))
            }
            error => error,
        })?;
        Ok((archive, sha256))
    }

    /// Refuses a ref without a package that another one says it needs: pip would take any version of it.
    fn check_needed(
        &self,
        package: &PinnedPackage,
        packages: &[PinnedPackage],
        file: &IndexedFile,
        archive: &DownloadableFile,
        monitor: &FetchMonitor,
    ) -> Result<(), SourceError> {
        let Some(info) = self.package_info(file, archive, monitor)? else { return Ok(()) };
        let is_there = |needed: &str| packages.iter().any(|other| other.name == canonical(needed));
        let Some(missing) = needed_everywhere(&info).into_iter().find(|needed| !is_there(needed)) else {
            return Ok(());
        };
        let message = format!(
            "{}: '{}' of the ref needs the package '{missing}', which the ref does not have",
            self.name, package.written
        );
        let place = self.reference_place.as_ref().or(self.name.position.as_ref());
        let error = NodeError::new("incomplete-ref", place, message);
        Err(error.with_hint(format!("add a line {missing}==VERSION to the ref")).into())
    }

    /// The description in an archive, if it has one and can be read.
    fn package_info(
        &self,
        file: &IndexedFile,
        archive: &DownloadableFile,
        monitor: &FetchMonitor,
    ) -> Result<Option<String>, SourceError> {
        let format = if file.name.ends_with(".zip") { ArchiveFormat::Zip } else { ArchiveFormat::Tar };
        let (cas, limits) = (self.context.cas.clone().with_cancel(&monitor.cancel), self.context.limits);
        let root = match stage_archive(archive, format, ArchivePart::BaseDir("*"), &cas, limits, monitor) {
            // It is staged packed, so nothing else needs to read it here.
            Err(SourceError::Archive { .. }) => return Ok(None),
            root => root?,
        };
        let found = cas.lookup(&root, "PKG-INFO").and_then(|found| match found {
            Some(Entry::File(info)) if info.digest.size() <= LARGEST_INFO => cas.get(&info.digest).map(Some),
            _ => Ok(None),
        });
        let found = found.map_err(|error| self.name.cas_error(error))?;
        Ok(found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn index_error(&self, url: &str, error: IndexError) -> SourceError {
        SourceError::Index { name: self.name.clone(), url: without_password(url), error }
    }

    fn not_tracked(&self) -> SourceError {
        let message = format!(
            "{}: refs of sources of kind 'pip' are not found, because what a package needs is only said by programs in it",
            self.name
        );
        let error = NodeError::new("source-kind-not-tracked", self.name.position.as_ref(), message);
        let url = without_password(&self.url.url.resolved);
        error
            .with_hint(format!(
                "run: pip download --no-binary :all: --index-url {url} --dest FOLDER PACKAGES\n\
                 and write the files of FOLDER into the ref, as lines of NAME==VERSION"
            ))
            .into()
    }

    fn staged(&self, folder: &Path, monitor: &FetchMonitor) -> Result<Digest, CasError> {
        let cas = self.context.cas.clone().with_cancel(&monitor.cancel);
        let files = cas.import_dir(folder, ImportMode::Copy, |_| true)?;
        with_tree_at(&cas, &TreeBuilder::new().store(&cas)?, STAGED, files)
    }
}

/// What fuzzing reads.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use super::pinned::PinnedPackage;
    use crate::simple_index;

    /// The name and the SHA-256 of the archive that is taken for a line of a ref; `None` when the line is wrong, or the page of the index
    /// has none.
    ///
    /// # Errors
    /// The reason why it is no page.
    pub fn archive_of(
        line: &str,
        page: &[u8],
        is_json: bool,
    ) -> Result<Option<(String, Option<String>)>, &'static str> {
        let files = match is_json {
            true => simple_index::of_json(page).map_err(|error| error.reason())?,
            false => simple_index::of_html(page, "https://index.example/simple/p/"),
        };
        let found = PinnedPackage::parse(line).and_then(|package| package.choose(&files).cloned());
        Ok(found.map(|found| (found.name, found.sha256)))
    }
}

/// Whether a folder has something in it.
fn is_filled(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

impl Source for PipSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let key = |reference| Value::seq([self.url.url.original.as_str(), reference]).into();
        Ok(self.reference.text().map(key))
    }

    fn reference(&self) -> Option<Value> {
        self.reference.value()
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.reference.set(reference)
    }

    fn is_cached(&self) -> bool {
        self.folder().is_some_and(|folder| is_filled(&folder))
    }

    fn check(&self) -> Result<(), SourceError> {
        self.packages().map(drop)
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        if self.is_cached() {
            return Ok(());
        }
        let packages = self.packages()?;
        let indexes: Vec<&str> = self.url.url.fetch_order().collect();
        try_urls(&self.name, &indexes, |_, _| {}, |index| self.fetch_from(index, &packages, monitor))
    }

    fn tracks_previous(&self) -> bool {
        true
    }

    fn track(&self, _: &dyn PreviousSources, _: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError> {
        Err(self.not_tracked())
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let folder = self.folder().ok_or_else(|| SourceError::NoRef { name: self.name.clone() })?;
        if !is_filled(&folder) {
            return Err(SourceError::NotFetched { name: self.name.clone() });
        }
        self.staged(&folder, monitor).map_err(|error| self.name.cas_error(error))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let lines = self.reference.text().unwrap_or_default().lines();
        let packages = lines.filter_map(|line| line.split_once("=="));
        let info = |(name, version)| SourceInfo::python_package(&self.url.url.resolved, name, version);
        Ok(packages.map(info).collect())
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.url.warning(&self.name).into_iter().collect()
    }
}
