//! From the inputs of subactions to their origins: by path, from what was staged where; the digest is a check.

mod installed;
mod origins;
mod outputs;
mod staging;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use spec_cas::Cas;
use spec_model::{ActionResult, Digest, Subaction};

use crate::error::Result;
use crate::inputs::{Namer, Walker};
use crate::message;
use crate::paths::{PathId, join};
use crate::policy::OverlaySlot;
use crate::prefetch::AHEAD;
use crate::record::{Content, Input, InputId, PlatformTree, Record, RecordedAction, RecordedOutput};

pub(crate) use origins::Limits;
pub use staging::{LayerKind, Staged, StagedLayer, Staging};

use origins::Attributor;
use outputs::{Outputs, Written};

/// One element's build, as far as attribution has to know it.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// The element's full name.
    pub element: &'a str,
    /// What was staged.
    pub staging: &'a Staging,
    /// Folders that commands ran in, absolute. The input root of an action without a working directory may stand for
    /// one of them.
    pub folders: &'a [String],
    /// Trees of dependencies that the environment named, and the full names of the elements that they are made of.
    pub platforms: &'a [(Digest, Vec<String>)],
    /// Records of dependencies, direct or not, that have one.
    pub dependencies: &'a [&'a Record],
    /// What was asked for, in the order of answers.
    pub subactions: &'a [Subaction],
    /// Whether what was predicted in this session for the actions of the element's previous record was asked for, by
    /// base action; `None` where nothing was predicted.
    pub ends: &'a [(Digest, Option<bool>)],
    /// The tree of the artifact's files, when there is one.
    pub artifact: Option<Digest>,
}

/// How many of a record's inputs have which origin. An input with alternatives counts under the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// From an element's sources.
    pub source: usize,
    /// From an element's artifact.
    pub artifact: usize,
    /// Written by an earlier action.
    pub action: usize,
    /// Written by the build otherwise: `config.h`, what a local `ar` made.
    pub generated: usize,
    /// Trees of dependencies that actions name.
    pub platform: usize,
    /// Subactions left out: failed ones, and those that cannot be read or adapted.
    pub left_out: usize,
}

/// Attributes the inputs of all subactions, and the files of the artifact.
///
/// # Errors
/// When the store fails.
pub(crate) fn attribute(
    cas: &Cas,
    build: &Build<'_>,
    limits: Limits,
    policy: &OverlaySlot,
) -> Result<(Record, Counts)> {
    let mut recorder = Recorder::new(cas, build, limits);
    let mut walker = Walker::new(cas);
    for part in build.subactions.chunks(AHEAD) {
        let actions: Vec<Digest> = part.iter().map(|subaction| subaction.action).collect();
        walker.prefetch(&actions);
        part.iter().try_for_each(|subaction| recorder.take(subaction, &mut walker))?;
    }
    let Recorder { mut record, counts, outputs, .. } = recorder;
    if let Some(artifact) = &build.artifact {
        record.installed = installed::installed(cas, build, artifact, limits, &outputs, &mut record)?;
    }
    policy.select(&mut record);
    let counts = count(&record, counts);
    Ok((record, counts))
}

fn count(record: &Record, mut counts: Counts) -> Counts {
    use crate::record::Origin;
    for input in &record.inputs {
        match input.origins.first() {
            None => counts.generated += 1,
            Some(Origin::Source { .. }) => counts.source += 1,
            Some(Origin::Action { .. }) => counts.action += 1,
            Some(Origin::Artifact { .. }) => counts.artifact += 1,
        }
    }
    counts.platform = record.platforms.len();
    counts
}

/// A record under way.
struct Recorder<'a> {
    cas: &'a Cas,
    build: &'a Build<'a>,
    record: Record,
    attributor: Attributor<'a>,
    outputs: Outputs,
    inputs: HashMap<PathId, Vec<InputId>>,
    actions: HashMap<Digest, usize>,
    counts: Counts,
}

impl<'a> Recorder<'a> {
    fn new(cas: &'a Cas, build: &'a Build<'a>, limits: Limits) -> Self {
        let mut record = Record::of(build.element);
        for (digest, elements) in build.platforms {
            let elements = elements.iter().map(|name| record.name_id(name)).collect();
            record.platforms.push(PlatformTree { digest: *digest, elements });
        }
        Self {
            cas,
            build,
            record,
            attributor: Attributor::new(build, limits),
            outputs: Outputs::default(),
            inputs: HashMap::new(),
            actions: HashMap::new(),
            counts: Counts::default(),
        }
    }

    fn take(&mut self, subaction: &Subaction, walker: &mut Walker<'_>) -> Result<()> {
        if self.actions.contains_key(&subaction.action) {
            return Ok(());
        }
        // What failed is not in the action cache, so priming it helps nobody.
        let result = subaction.outcome.as_ref().ok().filter(|result| result.exit_code == 0);
        let read = if result.is_some() { self.read(&subaction.action, walker)? } else { None };
        let Some((result, read)) = result.zip(read) else {
            self.counts.left_out += 1;
            return Ok(());
        };
        let action = self.action(subaction.action, result, &read);
        self.actions.insert(action.base, self.record.actions.len());
        self.record.actions.push(action);
        Ok(())
    }

    /// What the record needs of an action; `None` for one that could not be adapted anyway.
    fn read(&mut self, digest: &Digest, walker: &mut Walker<'_>) -> Result<Option<Read>> {
        let mut read = || -> Result<Read> {
            let action = message::action(self.cas, digest)?;
            let command = message::command(self.cas, &action.command(digest)?)?;
            let input_root = action.input_root(digest)?;
            walker.list(&input_root, self)?;
            let working_directory = command.working_directory.clone();
            let platforms = crate::instantiate::named(&self.record.platforms, &action, &command);
            Ok(Read { working_directory, platforms })
        };
        match read() {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.is_of_data() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn action(&mut self, base: Digest, result: &ActionResult, read: &Read) -> RecordedAction {
        let mut outputs = Vec::with_capacity(result.files.len());
        for file in &result.files {
            let path = self.record.paths.add(&file.path);
            outputs.push(RecordedOutput { path, digest: file.digest, executable: file.executable });
            let content = Content::File { digest: file.digest, executable: file.executable };
            let places = self.places(&read.working_directory, &file.path);
            self.outputs.add(&places, &content, &Written { base, path });
        }
        let (took_ms, cpu_ms) = result.metadata.cost_ms();
        RecordedAction {
            base,
            outputs,
            platforms: read.platforms.clone(),
            took_ms,
            cpu_ms,
            hits: 0,
            misses: 0,
        }
    }

    /// Where in the sandbox an output may be.
    fn places(&self, working_directory: &str, path: &str) -> Vec<String> {
        let whole = join(working_directory, path);
        let folders = self.build.folders.iter().filter(|_| working_directory.is_empty());
        let mut places: Vec<String> = folders.map(|folder| join(folder, path)).collect();
        places.push(whole);
        places
    }
}

/// What the record needs of an action.
struct Read {
    working_directory: String,
    platforms: Vec<u32>,
}

impl Namer for Recorder<'_> {
    fn child(&mut self, parent: PathId, name: &str) -> Option<PathId> {
        Some(self.record.paths.child(parent, name))
    }

    fn input(&mut self, path: PathId, content: Content) -> Result<Option<InputId>> {
        let variants = self.inputs.entry(path).or_default();
        let known = variants.iter().find(|id| self.record.inputs[id.0 as usize].seen == content);
        if let Some(id) = known {
            return Ok(Some(*id));
        }
        let id = InputId(self.record.inputs.len() as u32);
        variants.push(id);
        let origins = self.attributor.origins(&mut self.record, path, &content, &self.outputs)?;
        self.record.inputs.push(Input { path, seen: content, origins });
        Ok(Some(id))
    }
}
