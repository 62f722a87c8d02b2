//! The origins of an artifact's files, so that actions of other elements that read them can be predicted before the
//! artifact is built.
//!
//! spec-host does not see how a build installs files, so that they are attributed by their contents and file names.

use std::collections::HashMap;

use spec_cas::{Cas, EntryRef, Walk};
use spec_model::{Digest, StagedLayerKind};

use super::element_build::ElementBuild;
use super::origin_finder::OriginScope;
use super::produced_outputs::ProducedOutputs;
use crate::error::Result;
use crate::record::{Content, ElementIndex, Origin, Record, RecordedInput};

/// The files of the artifact whose origin is known, with their origins.
pub(super) fn installed_files(
    cas: &Cas,
    build: &ElementBuild<'_>,
    artifact: &Digest,
    scope: OriginScope,
    outputs: &ProducedOutputs,
    record: &mut Record,
) -> Result<Vec<RecordedInput>> {
    let sources = OwnSources::of(cas, build)?;
    let mut files = Vec::new();
    cas.walk(artifact, |path, entry| {
        if let EntryRef::File(file) = entry
            && file.digest.size() > 0
        {
            let content = Content::File { digest: file.digest, executable: file.executable };
            let mut origins = Vec::new();
            if let Some(source) = sources.find(&file.digest, &file.name) {
                origins.push(Origin::Source { element: ElementIndex::SELF, path: record.paths.add(source) });
            }
            if scope.own_actions
                && let Some(output) = outputs.sole_producer(&content)
            {
                origins.push(Origin::Action {
                    element: ElementIndex::SELF,
                    base: output.base,
                    path: output.path,
                });
            }
            if !origins.is_empty() {
                files.push(RecordedInput { path: record.paths.add(path), content, origins });
            }
        }
        Ok(Walk::Enter)
    })?;
    Ok(files)
}

/// The files of the element's own sources, by digest.
struct OwnSources {
    by_digest: HashMap<Digest, Vec<String>>,
}

impl OwnSources {
    fn of(cas: &Cas, build: &ElementBuild<'_>) -> Result<Self> {
        let mut by_digest = HashMap::<Digest, Vec<String>>::new();
        let layers = build.staging.layers().iter();
        let own =
            layers.filter(|layer| layer.kind == StagedLayerKind::Sources && layer.element == build.element);
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

    /// The source file with these contents; among several, the only one with this file name.
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
