//! The kind `tar`: an archive, unpacked.

use spec_cas::Cas;
use spec_model::{Digest, Mapping, Value};

use crate::archive::{self, ArchiveLimits, ImportError};
use crate::context::SourceContext;
use crate::download::{DownloadableFile, KEYS};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{Source, SourceWarning, TrackedRef};

/// An archive at a URL.
#[derive(Debug)]
pub(crate) struct TarSource {
    file: DownloadableFile,
    cas: Cas,
    limits: ArchiveLimits,
    base_dir: String,
}

impl TarSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &["base-dir"]].concat())?;
        Ok(Self {
            base_dir: config.opt_str("base-dir")?.unwrap_or("*").to_owned(),
            file: DownloadableFile::configure(name, context, config)?,
            cas: context.cas.clone(),
            limits: context.limits,
        })
    }

    fn explain(&self, error: ImportError) -> SourceError {
        let name = self.file.name.clone();
        match error {
            ImportError::Cas(error) => SourceError::Cas { who: name.to_string(), error: Box::new(error) },
            ImportError::Archive(error) => {
                SourceError::Archive { name, url: self.file.url.resolved.clone(), error }
            }
        }
    }
}

impl Source for TarSource {
    fn name(&self) -> &SourceName {
        &self.file.name
    }

    fn unique_key(&self) -> Result<Option<Value>, SourceError> {
        let base_dir = || Value::from(self.base_dir.as_str());
        Ok(self.file.key().map(|key| Value::Seq(key.into_iter().chain([base_dir()]).collect())))
    }

    fn reference(&self) -> Option<Value> {
        self.file.reference()
    }

    fn set_ref(&mut self, reference: Option<Value>) {
        self.file.set_ref(reference);
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

    fn track(&self, monitor: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError> {
        self.file.track(monitor).map(Some)
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        self.file.read(monitor, |input| {
            let cas = self.cas.clone().with_cancel(&monitor.cancel);
            archive::import(input, &cas, &self.base_dir, self.limits).map_err(|error| self.explain(error))
        })
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.file.warnings()
    }
}
