//! The store of artifacts: records under names, everything else in the CAS.

use spec_cas::{Cas, ImportMode, Refs};
use spec_model::{ElementName, Globs, Key};
use spec_proto::{Message, buildstream::v2 as proto};

use crate::artifact::{Artifact, ArtifactDraft, ArtifactTrees, Log, LogDraft};
use crate::error::ArtifactError;
use crate::name::ArtifactName;
use crate::received::ReceivedRecord;
use crate::{from_proto, to_proto};

/// The number of names of an element that are searched for its latest record; each build writes two.
const LATEST: usize = 16;

type Result<T> = std::result::Result<T, ArtifactError>;

/// The artifacts in a CAS. A clone is another handle on the same ones; threads and processes may share them.
#[derive(Clone, Debug)]
pub struct Artifacts {
    pub(crate) cas: Cas,
    records: Refs,
}

impl Artifacts {
    /// The artifacts in `cas`.
    #[must_use]
    pub fn new(cas: Cas) -> Self {
        Self { records: cas.refs("artifacts"), cas }
    }

    /// The artifact of an element under a key, strong or weak, if it is cached: its record, its files, its metadata
    /// and its logs are here (BuildStream's `Artifact.query_cache`). Trees kept on request may be missing.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn lookup(&self, project: &str, element: &ElementName, key: &Key) -> Result<Option<Artifact>> {
        self.get(&ArtifactName::new(project, element, *key))
    }

    /// The artifact of that name, if it is cached; see [`lookup`](Self::lookup).
    ///
    /// # Errors
    /// `artifact-newer-format`, or when the store fails.
    pub fn get(&self, name: &ArtifactName) -> Result<Option<Artifact>> {
        match self.record(name)? {
            Some(artifact) if self.is_whole(&artifact)? => Ok(Some(artifact)),
            _ => Ok(None),
        }
    }

    /// What is recorded under that name, whether or not the blobs that it refers to are here. A record of an older
    /// format counts as absent, and so does one that cannot be read, which is reported (`Cas::on_damaged_file`).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn record(&self, name: &ArtifactName) -> Result<Option<Artifact>> {
        let bytes = self.records.get(&name.to_string())?;
        bytes.map_or(Ok(None), |bytes| self.parse(name, &bytes))
    }

    fn parse(&self, name: &ArtifactName, bytes: &[u8]) -> Result<Option<Artifact>> {
        let message = match proto::Artifact::decode(bytes) {
            Ok(message) => message,
            Err(error) => return Ok(self.damaged(name, &error)),
        };
        match message.version {
            to_proto::VERSION => {}
            version if version > to_proto::VERSION => {
                return Err(ArtifactError::NewerFormat {
                    name: Box::new(name.clone()),
                    version,
                    known: to_proto::VERSION,
                });
            }
            version if version > 0 => return Ok(None),
            _ => return Ok(self.damaged(name, &"it has no version")),
        }
        Ok(from_proto::artifact(message).map_or_else(|error| self.damaged(name, &error), Some))
    }

    /// The latest record of the element under any key that `wanted` accepts, whether or not its blobs are in the
    /// store. Searches the last few records only, and skips those that cannot be read. Only the returned one counts
    /// as used.
    ///
    /// # Errors
    /// When the store fails.
    pub fn latest(
        &self,
        name: &ArtifactName,
        wanted: impl Fn(&Artifact) -> bool,
    ) -> Result<Option<Artifact>> {
        let folder = format!("{}/{}", name.project(), name.element());
        let names = self.records.newest(&folder)?;
        let mut names = names.iter().take(LATEST).filter_map(|name| name.parse::<ArtifactName>().ok());
        let peek =
            |name: &ArtifactName| self.parse(name, &self.records.peek(&name.to_string()).ok()??).ok()?;
        let latest = names.find(|name| peek(name).is_some_and(|artifact| wanted(&artifact)));
        latest.map_or(Ok(None), |name| self.record(&name))
    }

    /// Stores an artifact under its strong and its weak key. The record becomes visible when everything it refers to
    /// is stored; another process that stores the same artifact at the same time writes an equal record.
    ///
    /// # Errors
    /// `artifact-incomplete` when the tree of files is not in the CAS, or when the store or reading a log fails;
    /// then there is no record.
    pub fn store(&self, project: &str, element: &ElementName, draft: ArtifactDraft) -> Result<Artifact> {
        let name = ArtifactName::new(project, element, draft.keys.strong);
        // An artifact outlives the session, and what is elsewhere may not.
        let ArtifactTrees { files, buildtree, sources, buildroot } = draft.trees;
        [files, buildtree, sources, buildroot]
            .iter()
            .flatten()
            .try_for_each(|tree| self.cas.bring_tree(tree))?;
        if let Some(files) = draft.trees.files
            && !self.cas.is_complete(&files)?
        {
            return Err(ArtifactError::Incomplete { name: Box::new(name), files });
        }
        let artifact = self.store_blobs(draft)?;
        self.put_record(&name, &artifact)?;
        Ok(artifact)
    }

    /// The bytes of the record under that name, as others may get them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn record_bytes(&self, name: &ArtifactName) -> Result<Option<Vec<u8>>> {
        Ok(self.records.get(&name.to_string())?)
    }

    /// Stores a record that somebody else sent, under the strong and the weak key of its artifact. What it refers to must be
    /// in the CAS already.
    ///
    /// # Errors
    /// When the store fails.
    pub fn store_received(&self, record: &ReceivedRecord) -> Result<()> {
        let names = record.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(self.records.put(&names, record.bytes())?)
    }

    /// Removes the record with that name; `false` when there was none. The record under its other key stays, and
    /// blobs stay until an eviction.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remove(&self, name: &ArtifactName) -> Result<bool> {
        Ok(self.records.remove(&name.to_string())?)
    }

    /// The names that match the pattern, sorted. The pattern covers the whole name: `hello/core-*/*`.
    ///
    /// # Errors
    /// `invalid-glob`, or when the store fails.
    pub fn list(&self, glob: &str) -> Result<Vec<ArtifactName>> {
        let globs = Globs::new([glob])?;
        let names = self.records.list(fixed_folder(glob))?;
        Ok(names.iter().filter(|name| globs.matches(name)).filter_map(|name| name.parse().ok()).collect())
    }

    fn is_whole(&self, artifact: &Artifact) -> Result<bool> {
        let files_here = match &artifact.trees.files {
            Some(files) => self.cas.is_complete(files)?,
            None => true,
        };
        Ok(files_here && self.cas.missing(&artifact.required_blobs())?.is_empty())
    }

    fn store_blobs(&self, draft: ArtifactDraft) -> Result<Artifact> {
        let put = |bytes: &[u8]| self.cas.put_bytes(bytes);
        Ok(Artifact {
            keys: draft.keys,
            outcome: draft.outcome,
            was_workspaced: draft.was_workspaced,
            trees: draft.trees,
            sandbox: draft.sandbox,
            build_deps: draft.build_deps,
            public_data: put(&draft.public_data)?,
            low_diversity_meta: put(&draft.low_diversity_meta)?,
            high_diversity_meta: put(&draft.high_diversity_meta)?,
            logs: draft.logs.into_iter().map(|log| self.store_log(log)).collect::<Result<_>>()?,
            speculative_actions: draft.speculative_actions,
            subactions: draft.subactions,
            misses: draft.misses,
            key_description: draft.key_description.map(|text| put(text.as_bytes())).transpose()?,
        })
    }

    fn store_log(&self, log: LogDraft) -> Result<Log> {
        let digest = self.cas.put_file(&log.file, ImportMode::Copy)?;
        Ok(Log { name: log.name, digest })
    }

    /// The weak name is written first, so that whoever finds the strong one finds both.
    fn put_record(&self, strong: &ArtifactName, artifact: &Artifact) -> Result<()> {
        let bytes = to_proto::artifact(artifact).encode_to_vec();
        let mut names = vec![strong.with_key(artifact.keys.weak).to_string(), strong.to_string()];
        names.dedup();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(self.records.put(&names, &bytes)?)
    }

    /// Reports a record that cannot be read; it counts as absent.
    fn damaged(&self, name: &ArtifactName, why: &dyn std::fmt::Display) -> Option<Artifact> {
        self.records.report_damaged(&name.to_string(), &why.to_string());
        None
    }
}

/// The artifact in a record; `None` when the record cannot be read.
#[must_use]
pub fn decode_record(record: &[u8]) -> Option<Artifact> {
    from_proto::artifact(proto::Artifact::decode(record).ok()?).ok()
}

/// The leading folders of a pattern without special characters, so that only they have to be listed.
fn fixed_folder(glob: &str) -> &str {
    let magic = glob.find(['*', '?', '[']).unwrap_or(glob.len());
    glob[..magic].rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests;
