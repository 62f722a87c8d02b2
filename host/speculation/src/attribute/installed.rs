//! Where the files of an artifact came from, so that those who use them need not wait for the artifact.
//!
//! Nobody sees how files get to where they are installed, so here the bytes decide, together with the file's name.

use std::collections::HashMap;

use spec_cas::{Cas, EntryRef, Walk};
use spec_model::Digest;

use super::origins::Limits;
use super::outputs::Outputs;
use super::{Build, LayerKind};
use crate::error::Result;
use crate::record::{Content, Input, NameId, Origin, Record};

/// The files of the artifact whose origin is known.
pub(super) fn installed(
    cas: &Cas,
    build: &Build<'_>,
    artifact: &Digest,
    limits: Limits,
    outputs: &Outputs,
    record: &mut Record,
) -> Result<Vec<Input>> {
    let sources = Sources::of(cas, build)?;
    let mut installed = Vec::new();
    cas.walk(artifact, |path, entry| {
        if let EntryRef::File(file) = entry
            && file.digest.size() > 0
        {
            let seen = Content::File { digest: file.digest, executable: file.executable };
            let mut origins = Vec::new();
            if let Some(source) = sources.find(&file.digest, &file.name) {
                origins.push(Origin::Source { element: NameId::SELF, path: record.paths.add(source) });
            }
            if limits.own_actions
                && let Some(written) = outputs.moved(&seen)
            {
                origins.push(Origin::Action {
                    element: NameId::SELF,
                    base: written.base,
                    path: written.path,
                });
            }
            if !origins.is_empty() {
                installed.push(Input { path: record.paths.add(path), seen, origins });
            }
        }
        Ok(Walk::Enter)
    })?;
    Ok(installed)
}

/// The element's own sources by their bytes.
struct Sources {
    by_digest: HashMap<Digest, Vec<String>>,
}

impl Sources {
    fn of(cas: &Cas, build: &Build<'_>) -> Result<Self> {
        let mut by_digest = HashMap::<Digest, Vec<String>>::new();
        let layers = build.staging.layers().iter();
        let own = layers.filter(|layer| layer.kind == LayerKind::Source && layer.element == build.element);
        for layer in own {
            cas.walk(&layer.tree, |path, entry| {
                if let EntryRef::File(file) = entry {
                    by_digest.entry(file.digest).or_default().push(path.to_owned());
                }
                Ok(Walk::Enter)
            })?;
        }
        Ok(Self { by_digest })
    }

    /// The one source file with these bytes, or the one of them with this name.
    fn find(&self, digest: &Digest, name: &str) -> Option<&str> {
        let all = self.by_digest.get(digest)?;
        if let [one] = all.as_slice() {
            return Some(one);
        }
        let mut named = all.iter().filter(|path| path.rsplit('/').next() == Some(name));
        let first = named.next()?;
        named.next().is_none().then_some(first.as_str())
    }
}
