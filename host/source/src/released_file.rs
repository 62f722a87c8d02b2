//! The kinds `pypi` and `cpan`: the archive of a release in an index of packages, unpacked without its outermost directory.

use std::path::PathBuf;

use spec_cas::Cas;
use spec_model::{Digest, FilePosition, Mapping, Value};

use crate::archive::{ArchiveLimits, ArchivePart};
use crate::archive_source::{ArchiveFormat, stage_archive};
use crate::context::SourceContext;
use crate::declared_version::{DeclaredVersion, VERSION_KEYS};
use crate::download::DownloadableFile;
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::untracked::not_tracked;
use crate::url::directory_name;

const KEYS: [&str; 4] = ["kind", "directory", "provenance", "name"];

/// The archive of a release.
#[derive(Debug)]
pub(crate) struct ReleasedFileSource {
    name: SourceName,
    cas: Cas,
    limits: ArchiveLimits,
    version: DeclaredVersion,
    base: SourceUrl,
    /// The archive; `None` without a ref.
    file: Option<ReleasedFile>,
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
        config.bool_or("prereleases", false)?;
        config.str_list_or_empty("include")?;
        config.str_list_or_empty("exclude")?;
        let reference = config.opt_mapping("ref")?.filter(|reference| !reference.is_empty());
        let reference = reference.map(|reference| {
            Ok::<_, SourceError>((
                reference.str("suffix")?,
                reference.str("sha256sum")?,
                reference.get("sha256sum").and_then(|node| node.position.clone()),
            ))
        });
        let base = "https://files.pythonhosted.org/packages/";
        Self::configure(name, context, config, ("url", base), reference.transpose()?)
    }

    /// A release in the Comprehensive Perl Archive Network.
    pub(crate) fn cpan(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &VERSION_KEYS, &["suffix", "sha256sum", "index"]].concat())?;
        let position = config.get("sha256sum").and_then(|node| node.position.clone());
        let reference = config.opt_str("suffix")?.zip(config.opt_str("sha256sum")?);
        let reference = reference.map(|(suffix, sha256)| (suffix, sha256, position));
        Self::configure(name, context, config, ("index", "https://cpan.metacpan.org/"), reference)
    }

    /// `base` is the key with the beginning of URLs, and its default.
    fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
        base: (&str, &str),
        reference: Option<(&str, &str, Option<FilePosition>)>,
    ) -> Result<Self, SourceError> {
        let node = config.get(base.0);
        let written = node.map_or(Ok(base.1), |node| node.as_str())?;
        let place = node.and_then(|node| node.position.clone());
        let folder: PathBuf =
            context.download_directory.join(name.kind).join(directory_name(config.str("name")?));
        let file = reference.map(|(suffix, sha256, position)| {
            let url = SourceUrl::new(&name, context, &format!("{written}{suffix}"), place.clone())?;
            let file = DownloadableFile::with_sha256(&name, context, url, folder, sha256, position);
            Ok::<_, SourceError>(ReleasedFile { suffix: suffix.to_owned(), sha256: sha256.to_owned(), file })
        });
        Ok(Self {
            cas: context.cas.clone(),
            limits: context.limits,
            version: DeclaredVersion::configure(config)?,
            base: SourceUrl::new(&name, context, written, place)?,
            file: file.transpose()?,
            name,
        })
    }

    fn file(&self) -> Result<&ReleasedFile, SourceError> {
        self.file.as_ref().ok_or_else(|| SourceError::NoRef { name: self.name.clone() })
    }
}

impl Source for ReleasedFileSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<Value>, SourceError> {
        let Some(file) = &self.file else { return Ok(None) };
        let mut key = vec![file.suffix.as_str().into(), file.sha256.as_str().into()];
        self.version.append_to(&mut key);
        Ok(Some(Value::Seq(key)))
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

    fn set_ref(&mut self, _: Option<Value>) {}

    fn is_cached(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.file.is_cached())
    }

    fn check(&self) -> Result<(), SourceError> {
        self.file()?.file.check()
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        self.file()?.file.fetch(monitor)
    }

    fn track(&self, _: &dyn PreviousSources, _: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError> {
        Err(not_tracked(&self.name))
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
