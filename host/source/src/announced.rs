//! Kinds of sources whose keys are known, but which are not fetched, tracked or staged yet: `docker` and `pip`.

use spec_model::{Digest, Mapping, NodeError, Value};

use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_url::SourceUrl;
use crate::text_ref::TextRef;

/// The keys of all sources.
const COMMON: [&str; 3] = ["kind", "directory", "provenance"];

/// A source of which only the configuration and the key are known.
#[derive(Debug)]
pub(crate) struct AnnouncedSource {
    name: SourceName,
    reference: TextRef,
    /// The unique key but for the ref, which comes at `ref_index`.
    key: Vec<Value>,
    ref_index: usize,
    /// What the ref begins with in the key.
    ref_prefix: &'static str,
    tracks_previous: bool,
    url: SourceUrl,
}

impl AnnouncedSource {
    /// An image of a registry of containers.
    pub(crate) fn docker(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        let keys = ["architecture", "registry-url", "image", "os", "ref", "track", "url", "version"];
        config.validate_keys(&[&COMMON[..], &keys].concat())?;
        let wrong = |message: &str| {
            NodeError::new("invalid-data", config.position.as_ref(), format!("{name}: {message}"))
        };
        let reference = TextRef::configure(config)?;
        let (url, mut key) = match (config.get("url"), config.get("image")) {
            (Some(_), Some(_)) => return Err(wrong("'url' and 'image' exclude each other").into()),
            (Some(_), None) if config.get("registry-url").is_some() => {
                return Err(wrong("'url' and 'registry-url' exclude each other").into());
            }
            (None, None) => return Err(wrong("either 'url' or 'image' is missing").into()),
            (Some(node), None) => (SourceUrl::of_node(&name, context, node)?, Vec::new()),
            (None, Some(image)) => {
                let registry = config.opt_str("registry-url")?.unwrap_or("https://registry.hub.docker.com");
                let position = config.get("registry-url").and_then(|node| node.position.clone());
                let url = SourceUrl::new(&name, context, registry, position)?;
                (url, vec![Value::from(image.as_str()?)])
            }
        };
        key.insert(0, url.url.original.as_str().into());
        let ref_index = key.len();
        key.extend(config.opt_str("version")?.map(Value::from));
        Ok(Self { name, reference, key, ref_index, ref_prefix: "sha256:", tracks_previous: false, url })
    }

    /// Packages of a Python index.
    pub(crate) fn pip(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&COMMON[..], &["url", "packages", "ref", "requirements-files"]].concat())?;
        let node = config.get("url");
        let written = node.map_or(Ok("https://pypi.org/simple/"), |node| node.as_str())?;
        let url = SourceUrl::new(&name, context, written, node.and_then(|node| node.position.clone()))?;
        let (packages, files) =
            (config.str_list_or_empty("packages")?, config.str_list_or_empty("requirements-files")?);
        if packages.is_empty() && files.is_empty() {
            let message = format!("{name}: either 'packages' or 'requirements-files' is missing");
            return Err(NodeError::new("invalid-data", config.position.as_ref(), message).into());
        }
        let reference = TextRef::configure(config)?;
        let key = vec![url.url.original.as_str().into()];
        Ok(Self { name, reference, key, ref_index: 1, ref_prefix: "", tracks_previous: true, url })
    }

    fn not_yet(&self) -> SourceError {
        let SourceName { kind, position, .. } = &self.name;
        let message = format!(
            "{}: sources of kind '{kind}' cannot be fetched yet; only their keys are known",
            self.name
        );
        let error = NodeError::new("source-kind-not-fetched", position.as_ref(), message);
        error.with_hint("bring its files into the project with another kind, such as 'tar'").into()
    }
}

impl Source for AnnouncedSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<Value>, SourceError> {
        Ok(self.reference.text().map(|reference| {
            let mut key = self.key.clone();
            key.insert(self.ref_index, format!("{}{reference}", self.ref_prefix).into());
            Value::Seq(key)
        }))
    }

    fn reference(&self) -> Option<Value> {
        self.reference.value()
    }

    fn set_ref(&mut self, reference: Option<Value>) {
        self.reference.set(reference);
    }

    fn is_cached(&self) -> bool {
        false
    }

    fn check(&self) -> Result<(), SourceError> {
        Err(self.not_yet())
    }

    fn fetch(&self, _: &FetchMonitor) -> Result<(), SourceError> {
        Err(self.not_yet())
    }

    fn tracks_previous(&self) -> bool {
        self.tracks_previous
    }

    fn track(&self, _: &dyn PreviousSources, _: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError> {
        Err(self.not_yet())
    }

    fn stage(&self, _: &FetchMonitor) -> Result<Digest, SourceError> {
        Err(self.not_yet())
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.url.warning(&self.name).into_iter().collect()
    }
}
