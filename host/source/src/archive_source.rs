//! The kinds `tar`, `zip` and `deb`: an archive, unpacked.

use spec_cas::Cas;
use spec_model::{Digest, Mapping, Node, UniqueKey, Value};

use crate::archive::{self, ArchiveLimits, ArchivePart};
use crate::context::SourceContext;
use crate::download::{DownloadableFile, KEYS};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;

/// How the files of an archive are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArchiveFormat {
    Tar,
    Zip,
    /// A package of Debian, of which the tar `data.tar` is unpacked.
    Deb,
}

/// An archive at a URL.
#[derive(Debug)]
pub(crate) struct ArchiveSource {
    format: ArchiveFormat,
    file: DownloadableFile,
    cas: Cas,
    limits: ArchiveLimits,
    base_dir: String,
}

impl ArchiveSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
        format: ArchiveFormat,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &["base-dir"]].concat())?;
        Ok(Self {
            format,
            base_dir: config.opt_str("base-dir")?.unwrap_or("*").to_owned(),
            file: DownloadableFile::configure(name, context, config)?,
            cas: context.cas.clone(),
            limits: context.limits,
        })
    }
}

/// Stages a part of an archive that was downloaded.
pub(crate) fn stage_archive(
    file: &DownloadableFile,
    format: ArchiveFormat,
    part: ArchivePart<'_>,
    cas: &Cas,
    limits: ArchiveLimits,
    monitor: &FetchMonitor,
) -> Result<Digest, SourceError> {
    let explain = |error| file.name.import_error(&file.url.resolved, error);
    match format {
        ArchiveFormat::Tar => {
            file.read(monitor, |input| archive::import(input, cas, part, limits).map_err(explain))
        }
        ArchiveFormat::Deb => {
            file.read(monitor, |input| archive::import_deb(input, cas, part, limits).map_err(explain))
        }
        ArchiveFormat::Zip => {
            file.read_file(monitor, |input| archive::import_zip(input, cas, part, limits).map_err(explain))
        }
    }
}

impl Source for ArchiveSource {
    fn name(&self) -> &SourceName {
        &self.file.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let base_dir = || Value::from(self.base_dir.as_str());
        Ok(self.file.key().map(|key| Value::Seq(key.into_iter().chain([base_dir()]).collect()).into()))
    }

    fn reference(&self) -> Option<Value> {
        self.file.reference()
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.file.set_ref(reference)
    }

    fn is_cached(&self) -> bool {
        self.file.is_cached()
    }

    fn check(&self) -> Result<(), SourceError> {
        self.file.check()
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        self.file.fetch(monitor)
    }

    fn track(
        &self,
        _: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        self.file.track(monitor).map(Some)
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let cas = self.cas.clone().with_cancel(&monitor.cancel);
        let part = ArchivePart::BaseDir(&self.base_dir);
        stage_archive(&self.file, self.format, part, &cas, self.limits, monitor)
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        self.file.infos()
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.file.warnings()
    }
}
