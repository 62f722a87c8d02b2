//! The kind `remote`: one file, as it is.

use std::io;

use spec_cas::{Cas, TreeBuilder};
use spec_model::{Digest, Mapping, Node, UniqueKey, Value};

use crate::archive::cannot_write;
use crate::context::SourceContext;
use crate::download::{DownloadableFile, KEYS};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;

/// A file at a URL.
#[derive(Debug)]
pub(crate) struct RemoteSource {
    file: DownloadableFile,
    cas: Cas,
    filename: String,
    executable: bool,
}

impl RemoteSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &["filename", "executable"]].concat())?;
        let file = DownloadableFile::configure(name, context, config)?;
        let url = &file.url.resolved;
        let filename = match config.opt_str("filename")? {
            Some(filename) => filename.to_owned(),
            None => url.rsplit_once('/').map_or(url.as_str(), |(_, last)| last).to_owned(),
        };
        if filename.contains('/') {
            let position = config.get("filename").and_then(|node| node.position.clone());
            return Err(SourceError::FilenameHasDirectory { name: file.name, filename, position });
        }
        let executable = config.bool_or("executable", false)?;
        Ok(Self { file, cas: context.cas.clone(), filename, executable })
    }
}

impl Source for RemoteSource {
    fn name(&self) -> &SourceName {
        &self.file.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let rest = || [Value::from(self.filename.as_str()), Value::Bool(self.executable)];
        Ok(self.file.key().map(|key| Value::Seq(key.into_iter().chain(rest()).collect()).into()))
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
        let cas_error = |error| self.file.name.cas_error(error);
        let digest = self.file.read(monitor, |input| {
            let mut writer = self.cas.writer();
            io::copy(input, &mut writer).map_err(|error| cas_error(cannot_write(&self.cas, error)))?;
            writer.finish().map_err(cas_error)
        })?;
        let mut builder = TreeBuilder::new();
        builder.add_file(&self.filename, digest, self.executable).map_err(cas_error)?;
        builder.store(&self.cas).map_err(cas_error)
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        self.file.infos()
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.file.warnings()
    }
}
