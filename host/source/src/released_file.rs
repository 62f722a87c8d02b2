//! The kinds `pypi` and `cpan`: the archive of a release in an index of packages, unpacked without its outermost directory.

use spec_cas::Cas;
use spec_model::{Digest, FilePosition, Mapping, Node, UniqueKey, Value};

use crate::archive::{ArchiveLimits, ArchivePart};
use crate::archive_source::{ArchiveFormat, stage_archive};
use crate::context::SourceContext;
use crate::cpan_index;
use crate::declared_version::{DeclaredVersion, VERSION_KEYS};
use crate::download::{DownloadableFile, WebQuestion};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::pypi_index::{self, ReleaseFilter};
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::url::{directory_name, without_password};
use crate::url_attempts::try_urls;

const KEYS: [&str; 4] = ["kind", "directory", "provenance", "name"];

/// The archive of a release.
#[derive(Debug)]
pub(crate) struct ReleasedFileSource {
    name: SourceName,
    context: SourceContext,
    cas: Cas,
    limits: ArchiveLimits,
    version: DeclaredVersion,
    index: ReleaseIndex,
    /// What it is a release of.
    package: String,
    /// What URLs of files begin with.
    base: SourceUrl,
    /// The archive; `None` without a ref.
    file: Option<ReleasedFile>,
}

/// Who knows which releases there are.
#[derive(Debug)]
enum ReleaseIndex {
    Pypi(ReleaseFilter),
    Cpan,
}

#[derive(Debug)]
struct ReleasedFile {
    suffix: String,
    sha256: String,
    file: DownloadableFile,
}

impl ReleasedFileSource {
    /// A release in the Python Package Index.
    pub(crate) fn pypi(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        let keys = ["url", "ref", "prereleases", "include", "exclude"];
        config.validate_keys(&[&KEYS[..], &VERSION_KEYS, &keys].concat())?;
        let index = ReleaseIndex::Pypi(ReleaseFilter::configure(config)?);
        let mut source = Self::configure(name, context, config, index, ("url", pypi_index::FILES))?;
        if let Some(reference) = config.opt_mapping("ref")?.filter(|reference| !reference.is_empty()) {
            source.set_file(reference)?;
        }
        Ok(source)
    }

    /// A release in the Comprehensive Perl Archive Network.
    pub(crate) fn cpan(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &VERSION_KEYS, &["suffix", "sha256sum", "index"]].concat())?;
        let base = ("index", "https://cpan.metacpan.org/");
        let mut source = Self::configure(name, context, config, ReleaseIndex::Cpan, base)?;
        if config.opt_str("suffix")?.is_some() && config.opt_str("sha256sum")?.is_some() {
            source.set_file(config)?;
        }
        Ok(source)
    }

    /// `base` is the key with the beginning of URLs, and its default.
    fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
        index: ReleaseIndex,
        base: (&str, &str),
    ) -> Result<Self, SourceError> {
        let node = config.get(base.0);
        let written = node.map_or(Ok(base.1), |node| node.as_str())?;
        let place = node.and_then(|node| node.position.clone());
        Ok(Self {
            cas: context.cas.clone(),
            limits: context.limits,
            version: DeclaredVersion::configure(config)?,
            index,
            package: config.str("name")?.to_owned(),
            base: SourceUrl::new(&name, context, written, place)?,
            context: context.clone(),
            file: None,
            name,
        })
    }

    /// Takes the file that a ref names.
    fn set_file(&mut self, reference: &Mapping) -> Result<(), SourceError> {
        let (suffix, sha256) = (reference.str("suffix")?, reference.str("sha256sum")?);
        let place = reference.get("sha256sum").and_then(|node| node.position.clone());
        let file = self.file_at(suffix, Some((sha256, place)))?;
        self.file = Some(ReleasedFile { suffix: suffix.to_owned(), sha256: sha256.to_owned(), file });
        Ok(())
    }

    /// The file at the end of a URL, with the SHA-256 that a ref has at a place.
    fn file_at(
        &self,
        suffix: &str,
        sha256: Option<(&str, Option<FilePosition>)>,
    ) -> Result<DownloadableFile, SourceError> {
        let Self { name, context, base, .. } = self;
        let url =
            SourceUrl::new(name, context, &format!("{}{suffix}", base.url.original), base.position.clone())?;
        let folder = context.download_directory.join(name.kind).join(directory_name(&self.package));
        Ok(match sha256 {
            Some((sha256, place)) => DownloadableFile::with_sha256(name, context, url, folder, sha256, place),
            None => DownloadableFile::at(name.clone(), context, url, folder),
        })
    }

    /// The newest release that the Python Package Index has.
    fn track_pypi(
        &self,
        filter: &ReleaseFilter,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        let ask = WebQuestion { name: &self.name, options: &self.context.http, monitor };
        let newest = filter.newest(&self.package, &ask)?;
        if newest.is_none() {
            let text = format!(
                "{}: no release of '{}' matches the keys 'include', 'exclude' and 'prereleases'",
                self.name, self.package
            );
            monitor.warn("no-matching-release", &text);
        }
        Ok(newest.map(|newest| TrackedRef::new(self.reference(), newest)))
    }

    /// The file that CPAN's list names for a module. Its SHA-256 is found by downloading it.
    fn track_cpan(&self, monitor: &FetchMonitor) -> Result<TrackedRef, SourceError> {
        let ask = WebQuestion { name: &self.name, options: &self.context.http, monitor };
        let urls: Vec<String> =
            self.base.url.track_order().map(|base| format!("{base}{}", cpan_index::MODULES)).collect();
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        let path = try_urls(
            &self.name,
            &urls,
            |_, _| {},
            |url| {
                let list = ask.get(url, "*/*", cpan_index::LARGEST)?;
                cpan_index::file_of(&self.package, &list).map_err(|error| {
                    let (name, url) = (self.name.clone(), without_password(url));
                    SourceError::Index { name, url, error }
                })
            },
        )?;
        let suffix = format!("{}{path}", cpan_index::FILES);
        let sha256 = self.file_at(&suffix, None)?.track(monitor)?.new;
        let mut settings = Mapping::new();
        settings.set("suffix", Node::text(suffix));
        settings.set("sha256sum", sha256);
        Ok(TrackedRef::in_settings(self.reference(), settings))
    }

    fn file(&self) -> Result<&ReleasedFile, SourceError> {
        self.file.as_ref().ok_or_else(|| SourceError::NoRef { name: self.name.clone() })
    }
}

impl Source for ReleasedFileSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let Some(file) = &self.file else { return Ok(None) };
        let mut key = vec![file.suffix.as_str().into(), file.sha256.as_str().into()];
        self.version.append_to(&mut key);
        Ok(Some(Value::Seq(key).into()))
    }

    fn reference(&self) -> Option<Value> {
        let entry = |file: &ReleasedFile| {
            Value::map([
                ("suffix", file.suffix.as_str().into()),
                ("sha256sum", Value::from(file.sha256.as_str())),
            ])
        };
        self.file.as_ref().map(entry)
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.set_file(reference.as_mapping()?)
    }

    fn is_cached(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.file.is_cached())
    }

    fn check(&self) -> Result<(), SourceError> {
        self.file()?.file.check()
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        self.file()?.file.fetch(monitor)
    }

    fn track(
        &self,
        _: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        match &self.index {
            ReleaseIndex::Pypi(filter) => self.track_pypi(filter, monitor),
            ReleaseIndex::Cpan => self.track_cpan(monitor).map(Some),
        }
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let ReleasedFile { suffix, file, .. } = self.file()?;
        let format = if suffix.ends_with(".zip") { ArchiveFormat::Zip } else { ArchiveFormat::Tar };
        let cas = self.cas.clone().with_cancel(&monitor.cancel);
        stage_archive(file, format, ArchivePart::BelowTop, &cas, self.limits, monitor)
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        let url = &file.file.url.resolved;
        let info = SourceInfo::remote_file(url, &file.sha256, self.version.guess(Some(url))?);
        Ok(vec![info.with("ecosystem", (self.name.kind == "pypi").then_some("PyPI"))])
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.base.warning(&self.name).into_iter().collect()
    }
}
