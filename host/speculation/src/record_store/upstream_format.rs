//! The record format of the BuildStream prototype, which names inputs by digest and not by path.
//!
//! Reading finds the paths in the base actions: an overlay belongs to all inputs with its digest, or, if there are several,
//! to those with its file name. Writing leaves out what the format has no place for.

use std::collections::{HashMap, HashSet};

use spec_action::wire;
use spec_cas::Cas;
use spec_model::Digest;
use spec_proto::buildstream::v2::SpeculativeActions;
use spec_proto::buildstream::v2::speculative_actions::overlay::OverlayType;
use spec_proto::buildstream::v2::speculative_actions::{Overlay, SpeculativeAction};

use crate::error::Result;
use crate::input_root::{InputNumbering, InputRootWalker, RecordNumbering};
use crate::message;
use crate::path_table::{LONGEST, PathId};
use crate::record::{Content, ElementIndex, InputId, Origin, Record, RecordedAction, RecordedInput};

/// The record in this format.
pub(super) fn write(cas: &Cas, record: &Record) -> Result<SpeculativeActions> {
    let mut walker = InputRootWalker::new(cas);
    let mut numbering = RecordNumbering { paths: &record.paths, index: record.input_index() };
    let mut actions = Vec::with_capacity(record.actions.len());
    for action in &record.actions {
        let root = message::action(cas, &action.base)?.input_root(&action.base)?;
        let inputs = walker.list(&root, &mut numbering)?;
        let mut written = HashSet::new();
        let overlays = inputs.iter().flat_map(|id| overlays(record, &record.inputs[id.0 as usize]));
        let overlays =
            overlays.filter(|(key, _)| written.insert(key.clone())).map(|(_, overlay)| overlay).collect();
        actions.push(SpeculativeAction {
            base_action_digest: Some(wire::digest_to_proto(&action.base)),
            overlays,
        });
    }
    let artifact_overlays = record.installed.iter().flat_map(|input| overlays(record, input));
    let artifact_overlays = artifact_overlays.map(|(_, overlay)| overlay).collect();
    Ok(SpeculativeActions { actions, artifact_overlays, compact: None })
}

/// The overlays of a file, each with its digest and origin, which no two overlays of an action share.
fn overlays(record: &Record, input: &RecordedInput) -> Vec<((Digest, Origin), Overlay)> {
    let Content::File { digest, .. } = &input.content else { return Vec::new() };
    let overlay = |origin: &Origin| {
        let element = origin.element();
        let (r#type, path, base) = match origin {
            Origin::Source { path, .. } => (OverlayType::Source, path, None),
            Origin::Action { path, base, .. } => (OverlayType::Action, path, Some(base)),
            Origin::Artifact { path, .. } => (OverlayType::Artifact, path, None),
        };
        let overlay = Overlay {
            r#type: r#type.into(),
            source_element: if element == ElementIndex::SELF {
                String::new()
            } else {
                record.name(element).to_owned()
            },
            source_action_digest: base.map(wire::digest_to_proto),
            source_path: record.paths.text(*path),
            target_digest: Some(wire::digest_to_proto(digest)),
        };
        ((*digest, origin.clone()), overlay)
    };
    input.origins.iter().map(overlay).collect()
}

/// The record in a message of this format, or what is wrong with the message. Actions that are not in the store are left
/// out.
pub(super) fn read(cas: &Cas, message: SpeculativeActions, element: &str) -> Result<Result<Record, String>> {
    let mut reader = UpstreamReader {
        record: Record::of(element),
        inputs: HashMap::new(),
        targets: HashMap::new(),
        files: HashMap::new(),
    };
    let bases = message.actions.iter().filter_map(|action| digest(action.base_action_digest.as_ref()).ok());
    let bases: HashSet<Digest> = bases.collect();
    let mut bases_read = HashSet::new();
    for action in &message.actions {
        let base = match digest(action.base_action_digest.as_ref()) {
            Ok(base) => base,
            Err(why) => return Ok(Err(why)),
        };
        let root = match message::action(cas, &base).and_then(|action| action.input_root(&base)) {
            Ok(root) => root,
            Err(error) if error.is_bad_data() => continue,
            Err(error) => return Err(error),
        };
        if !bases_read.insert(base) {
            continue;
        }
        match reader.targets(&action.overlays, &bases) {
            Ok(targets) => reader.targets = targets,
            Err(why) => return Ok(Err(why)),
        }
        // The origins of a digest differ between actions, so that each action has a walk of its own.
        let mut occurrences = Occurrences::default();
        let listed = InputRootWalker::new(cas).list(&root, &mut occurrences);
        reader.files = occurrences.0;
        match listed.and_then(|_| InputRootWalker::new(cas).list(&root, &mut reader)) {
            Ok(_) => {}
            Err(error) if error.is_bad_data() => continue,
            Err(error) => return Err(error),
        }
        let action = RecordedAction {
            base,
            outputs: vec![],
            platforms: vec![],
            took_ms: 0,
            cpu_ms: 0,
            hits: 0,
            misses: 0,
            earlier: vec![],
        };
        reader.record.actions.push(action);
    }
    Ok(reader.finish(&message.artifact_overlays, &bases))
}

/// A record that is being read.
struct UpstreamReader {
    record: Record,
    inputs: HashMap<(PathId, Content), InputId>,
    /// The origins of the files of the current action, by their digests.
    targets: HashMap<Digest, Vec<Origin>>,
    /// How often each digest occurs in the input root of the current action.
    files: HashMap<Digest, usize>,
}

/// Counts how often the bytes of each file occur in an input root.
#[derive(Default)]
struct Occurrences(HashMap<Digest, usize>);

impl InputNumbering for Occurrences {
    fn child(&mut self, _: PathId, _: &str) -> Option<PathId> {
        Some(PathId::ROOT)
    }

    fn input(&mut self, _: PathId, content: Content) -> Result<Option<InputId>> {
        if let Content::File { digest, .. } = content {
            *self.0.entry(digest).or_default() += 1;
        }
        Ok(Some(InputId(0)))
    }
}

impl UpstreamReader {
    fn targets(
        &mut self,
        overlays: &[Overlay],
        bases: &HashSet<Digest>,
    ) -> Result<HashMap<Digest, Vec<Origin>>, String> {
        let mut targets = HashMap::<Digest, Vec<Origin>>::new();
        for overlay in overlays {
            if let Some((target, origin)) = self.origin(overlay, bases)? {
                targets.entry(target).or_default().push(origin);
            }
        }
        Ok(targets)
    }

    /// An overlay's digest and origin; `None` when its origin is an action that is not recorded.
    fn origin(
        &mut self,
        overlay: &Overlay,
        bases: &HashSet<Digest>,
    ) -> Result<Option<(Digest, Origin)>, String> {
        let target = digest(overlay.target_digest.as_ref())?;
        let element = match overlay.source_element.as_str() {
            "" => ElementIndex::SELF,
            name => self.record.element_index(name),
        };
        if overlay.source_path.len() >= LONGEST {
            return Err(format!("the path of an overlay has {} bytes", overlay.source_path.len()));
        }
        let path = self.record.paths.add(&overlay.source_path);
        Ok(Some((
            target,
            match OverlayType::try_from(overlay.r#type) {
                Ok(OverlayType::Source) => Origin::Source { element, path },
                Ok(OverlayType::Artifact) => Origin::Artifact { element, path },
                Ok(OverlayType::Action) => {
                    let base = digest(overlay.source_action_digest.as_ref())?;
                    if element == ElementIndex::SELF && !bases.contains(&base) {
                        return Ok(None);
                    }
                    Origin::Action { element, base, path }
                }
                Err(_) => return Err(format!("{} is no type of origin", overlay.r#type)),
            },
        )))
    }

    /// The origins of the file at `path` with this digest. If several files have it, those with the file name of `path`.
    fn origins(&self, path: PathId, digest: &Digest) -> Vec<Origin> {
        let Some(all) = self.targets.get(digest) else { return Vec::new() };
        if self.files.get(digest).is_none_or(|count| *count < 2) {
            return all.clone();
        }
        let path = self.record.paths.text(path);
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let of = |origin: &Origin| match origin {
            Origin::Source { path, .. } | Origin::Action { path, .. } | Origin::Artifact { path, .. } => {
                self.record.paths.text(*path)
            }
        };
        let same: Vec<Origin> =
            all.iter().filter(|origin| name(&of(origin)) == name(&path)).cloned().collect();
        if same.is_empty() { all.clone() } else { same }
    }

    fn finish(mut self, installed: &[Overlay], bases: &HashSet<Digest>) -> Result<Record, String> {
        for overlay in installed {
            let Some((digest, origin)) = self.origin(overlay, bases)? else { continue };
            // The format does not have the path in the artifact. The path of the origin is used instead.
            let path = self.record.paths.add(&overlay.source_path);
            let content = Content::File { digest, executable: false };
            self.record.installed.push(RecordedInput { path, content, origins: vec![origin] });
        }
        let kept: HashSet<Digest> = self.record.actions.iter().map(|action| action.base).collect();
        let lists = [&mut self.record.inputs, &mut self.record.installed];
        for input in lists.into_iter().flatten() {
            input.origins.retain(|origin| match origin {
                Origin::Action { element: ElementIndex::SELF, base, .. } => kept.contains(base),
                _ => true,
            });
        }
        Ok(self.record)
    }
}

impl InputNumbering for UpstreamReader {
    fn child(&mut self, parent: PathId, name: &str) -> Option<PathId> {
        Some(self.record.paths.child(parent, name))
    }

    fn input(&mut self, path: PathId, content: Content) -> Result<Option<InputId>> {
        let origins = match &content {
            Content::File { digest, .. } => self.origins(path, digest),
            Content::Symlink(_) => Vec::new(),
        };
        let next = InputId(self.record.inputs.len() as u32);
        let id = *self.inputs.entry((path, content.clone())).or_insert(next);
        if id == next {
            self.record.inputs.push(RecordedInput { path, content, origins });
        } else {
            let known = &mut self.record.inputs[id.0 as usize].origins;
            for origin in origins {
                if !known.contains(&origin) {
                    known.push(origin);
                }
            }
        }
        Ok(Some(id))
    }
}

pub(super) fn digest(message: Option<&spec_proto::reapi::Digest>) -> Result<Digest, String> {
    wire::digest("a digest of the record", message.cloned())
}
