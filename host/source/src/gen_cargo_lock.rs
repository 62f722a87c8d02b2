//! The kind `gen_cargo_lock`: a `Cargo.lock` that is kept in the ref.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use spec_cas::{Cas, TreeBuilder};
use spec_model::{Digest, FilePosition, Mapping, Node, NodeError, UniqueKey, Value};

use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, TrackedRef};
use crate::text_ref::TextRef;

const KEYS: [&str; 4] = ["kind", "directory", "provenance", "ref"];

/// A file `Cargo.lock`.
#[derive(Debug)]
pub(crate) struct GenCargoLockSource {
    name: SourceName,
    cas: Cas,
    reference: TextRef,
    position: Option<FilePosition>,
}

impl GenCargoLockSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&KEYS)?;
        let reference = TextRef::configure(config)?;
        let position = config.get("ref").and_then(|node| node.position.clone());
        Ok(Self { name, cas: context.cas.clone(), reference, position })
    }

    fn contents(&self) -> Result<Vec<u8>, SourceError> {
        let text = self.reference.required(&self.name)?;
        let bytes = STANDARD.decode(text).ok().filter(|bytes| std::str::from_utf8(bytes).is_ok());
        bytes.ok_or_else(|| {
            let message = format!("{}: the ref is not a Cargo.lock in base64", self.name);
            NodeError::new("invalid-ref", self.position.as_ref(), message).into()
        })
    }
}

impl Source for GenCargoLockSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        Ok(self.reference().map(UniqueKey::from))
    }

    fn reference(&self) -> Option<Value> {
        self.reference.value()
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.reference.set(reference)
    }

    fn is_cached(&self) -> bool {
        self.reference.text().is_some()
    }

    fn check(&self) -> Result<(), SourceError> {
        self.contents().map(drop)
    }

    fn fetch(&self, _: &FetchMonitor) -> Result<(), SourceError> {
        self.check()
    }

    fn tracks_previous(&self) -> bool {
        true
    }

    fn track(&self, _: &dyn PreviousSources, _: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError> {
        let message = format!(
            "{}: refs of sources of kind 'gen_cargo_lock' are not found, because they are what the cargo of a machine makes of sources that it obeys",
            self.name
        );
        let error = NodeError::new("source-kind-not-tracked", self.name.position.as_ref(), message);
        Err(error.with_hint(
            "run in a copy of the sources, if you trust them: cargo generate-lockfile && base64 -w0 Cargo.lock\n\
             and write what it prints into the ref",
        ).into())
    }

    fn stage(&self, _: &FetchMonitor) -> Result<Digest, SourceError> {
        let contents = self.contents()?;
        let store = || {
            let mut builder = TreeBuilder::new();
            builder.add_file("Cargo.lock", self.cas.put_bytes(&contents)?, false)?;
            builder.store(&self.cas)
        };
        store().map_err(|error| self.name.cas_error(error))
    }
}
