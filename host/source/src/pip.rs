//! The kind `pip`, whose keys are known, but which is not fetched, tracked or staged: its files are what the program pip of the
//! machine downloads.

use spec_model::{Digest, Mapping, Node, NodeError, Value};

use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_url::SourceUrl;
use crate::text_ref::TextRef;

const KEYS: [&str; 7] = ["kind", "directory", "provenance", "url", "packages", "ref", "requirements-files"];

/// Packages of a Python index, of which only the configuration and the key are known.
#[derive(Debug)]
pub(crate) struct PipSource {
    name: SourceName,
    reference: TextRef,
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
        Ok(Self { reference: TextRef::configure(config)?, name, url })
    }

    fn not_fetched(&self) -> SourceError {
        let SourceName { kind, position, .. } = &self.name;
        let message = format!(
            "{}: sources of kind '{kind}' are not fetched, because their files are what the pip of a machine downloads",
            self.name
        );
        let error = NodeError::new("source-kind-not-fetched", position.as_ref(), message);
        error.with_hint("name each package in a source of kind 'pypi'").into()
    }
}

impl Source for PipSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<Value>, SourceError> {
        let key = |reference| Value::seq([self.url.url.original.as_str(), reference]);
        Ok(self.reference.text().map(key))
    }

    fn reference(&self) -> Option<Value> {
        self.reference.value()
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.reference.set(reference)
    }

    fn is_cached(&self) -> bool {
        false
    }

    fn check(&self) -> Result<(), SourceError> {
        Err(self.not_fetched())
    }

    fn fetch(&self, _: &FetchMonitor) -> Result<(), SourceError> {
        Err(self.not_fetched())
    }

    fn tracks_previous(&self) -> bool {
        true
    }

    fn track(&self, _: &dyn PreviousSources, _: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError> {
        Err(self.not_fetched())
    }

    fn stage(&self, _: &FetchMonitor) -> Result<Digest, SourceError> {
        Err(self.not_fetched())
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.url.warning(&self.name).into_iter().collect()
    }
}
