//! Builds a record from the requests of a build.

use std::collections::{HashMap, HashSet};

use spec_cas::Cas;
use spec_model::{ActionResult, Digest, Subaction};

use super::element_build::ElementBuild;
use super::installed_files::installed_files;
use super::origin_finder::{OriginFinder, OriginScope};
use super::produced_outputs::{OutputRef, ProducedOutputs};
use crate::error::Result;
use crate::input_root::{InputNumbering, InputRootWalker};
use crate::instantiate::trees_named_in;
use crate::message;
use crate::path_table::{PathId, join_path};
use crate::prefetch::PREFETCH_BATCH;
use crate::record::{Content, InputId, PlatformTree, Record, RecordedAction, RecordedInput, RecordedOutput};

/// Records the subactions of a build. Returns the record, and the number of subactions that are not in it.
pub(super) fn build_record(
    cas: &Cas,
    build: &ElementBuild<'_>,
    scope: OriginScope,
) -> Result<(Record, usize)> {
    let mut builder = RecordBuilder::new(cas, build, scope);
    let mut walker = InputRootWalker::new(cas);
    for batch in build.subactions.chunks(PREFETCH_BATCH) {
        let actions: Vec<Digest> = batch.iter().map(|subaction| subaction.action).collect();
        walker.prefetch(&actions);
        batch.iter().try_for_each(|subaction| builder.add(subaction, &mut walker))?;
    }
    let RecordBuilder { mut record, left_out, outputs, .. } = builder;
    if let Some(artifact) = &build.artifact {
        record.installed = installed_files(cas, build, artifact, scope, &outputs, &mut record)?;
    }
    Ok((record, left_out))
}

/// A record that is being built.
struct RecordBuilder<'a> {
    cas: &'a Cas,
    build: &'a ElementBuild<'a>,
    record: Record,
    origins: OriginFinder<'a>,
    outputs: ProducedOutputs,
    inputs: HashMap<PathId, Vec<InputId>>,
    actions: HashSet<Digest>,
    left_out: usize,
}

/// What the record needs of an action.
struct ActionDetails {
    working_directory: String,
    platforms: Vec<u32>,
}

impl<'a> RecordBuilder<'a> {
    fn new(cas: &'a Cas, build: &'a ElementBuild<'a>, scope: OriginScope) -> Self {
        let mut record = Record::of(build.element);
        for (digest, elements) in build.platforms {
            let elements = elements.iter().map(|name| record.element_index(name)).collect();
            record.platforms.push(PlatformTree { digest: *digest, elements });
        }
        Self {
            cas,
            build,
            record,
            origins: OriginFinder::new(build, scope),
            outputs: ProducedOutputs::default(),
            inputs: HashMap::new(),
            actions: HashSet::new(),
            left_out: 0,
        }
    }

    fn add(&mut self, subaction: &Subaction, walker: &mut InputRootWalker<'_>) -> Result<()> {
        if self.actions.contains(&subaction.action) {
            return Ok(());
        }
        // Failed results are not in the action cache, so that priming such actions is useless.
        let result = subaction.outcome.as_ref().ok().filter(|result| result.exit_code == 0);
        let details = if result.is_some() { self.read(&subaction.action, walker)? } else { None };
        let Some((result, details)) = result.zip(details) else {
            self.left_out += 1;
            return Ok(());
        };
        let action = self.recorded_action(subaction.action, result, details);
        self.actions.insert(action.base);
        self.record.actions.push(action);
        Ok(())
    }

    /// Numbers the inputs of an action, and returns what else the record needs of it; `None` when it cannot be adapted.
    fn read(&mut self, digest: &Digest, walker: &mut InputRootWalker<'_>) -> Result<Option<ActionDetails>> {
        let mut read = || -> Result<ActionDetails> {
            let action = message::action(self.cas, digest)?;
            let command = message::command(self.cas, &action.command(digest)?)?;
            let input_root = action.input_root(digest)?;
            walker.list(&input_root, self)?;
            let working_directory = command.working_directory.clone();
            let platforms = trees_named_in(&self.record.platforms, &action, &command);
            Ok(ActionDetails { working_directory, platforms })
        };
        match read() {
            Ok(details) => Ok(Some(details)),
            Err(error) if error.is_bad_data() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn recorded_action(
        &mut self,
        base: Digest,
        result: &ActionResult,
        details: ActionDetails,
    ) -> RecordedAction {
        let mut outputs = Vec::with_capacity(result.files.len());
        for file in &result.files {
            let path = self.record.paths.add(&file.path);
            outputs.push(RecordedOutput { path, digest: file.digest, executable: file.executable });
            let content = Content::File { digest: file.digest, executable: file.executable };
            let paths = self.sandbox_paths(&details.working_directory, &file.path);
            self.outputs.add(&paths, &content, &OutputRef { base, path });
        }
        let (took_ms, cpu_ms) = result.metadata.cost_ms();
        let platforms = details.platforms;
        RecordedAction { base, outputs, platforms, took_ms, cpu_ms, hits: 0, misses: 0, earlier: vec![] }
    }

    /// The paths in the sandbox at which an output may be.
    fn sandbox_paths(&self, working_directory: &str, path: &str) -> Vec<String> {
        let whole = join_path(working_directory, path);
        let folders = self.build.folders.iter().filter(|_| working_directory.is_empty());
        let mut paths: Vec<String> = folders.map(|folder| join_path(folder, path)).collect();
        paths.push(whole);
        paths
    }
}

impl InputNumbering for RecordBuilder<'_> {
    fn child(&mut self, parent: PathId, name: &str) -> Option<PathId> {
        Some(self.record.paths.child(parent, name))
    }

    fn input(&mut self, path: PathId, content: Content) -> Result<Option<InputId>> {
        let variants = self.inputs.entry(path).or_default();
        let known = variants.iter().find(|id| self.record.inputs[id.0 as usize].content == content);
        if let Some(id) = known {
            return Ok(Some(*id));
        }
        let id = InputId(self.record.inputs.len() as u32);
        variants.push(id);
        let origins = self.origins.find(&mut self.record, path, &content, &self.outputs)?;
        self.record.inputs.push(RecordedInput { path, content, origins });
        Ok(Some(id))
    }
}
