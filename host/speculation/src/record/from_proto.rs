//! Converts `SpeculativeActions.Compact` to records. Records are untrusted, so that all numbers are checked.

use std::collections::HashSet;

use spec_action::wire;
use spec_model::Digest;
use spec_proto::buildstream::v2::speculative_actions as proto;
use spec_proto::buildstream::v2::speculative_actions::overlay::OverlayType;

use super::{
    Content, EarlierRun, ElementIndex, MOST_EARLIER_RUNS, NamedPolicy, Origin, PlatformTree, Record,
    RecordedAction, RecordedInput, RecordedOutput, digest_table,
};
use crate::path_table::{LONGEST, PathId, PathTable};

/// The record, or what is wrong with it.
pub(crate) fn record(compact: proto::Compact) -> Result<Record, String> {
    if compact.elements.is_empty() {
        return Err("it names no element".to_owned());
    }
    let tables = Tables {
        elements: compact.elements.len(),
        paths: paths(&compact.path_parents, &compact.path_names)?,
        digests: digest_table::read(&compact.hashes, &compact.sizes)?,
        platforms: compact.platforms.len(),
    };
    let actions =
        compact.actions.into_iter().map(|known| tables.action(known)).collect::<Result<Vec<_>, _>>()?;
    let bases: HashSet<Digest> = actions.iter().map(|action| action.base).collect();
    if bases.len() != actions.len() {
        return Err("it has an action twice".to_owned());
    }
    let inputs = |inputs: Vec<proto::Input>| -> Result<Vec<_>, String> {
        inputs.into_iter().map(|known| tables.input(known, &bases)).collect()
    };
    let (inputs, installed) = (inputs(compact.inputs)?, inputs(compact.installed)?);
    let platforms =
        compact.platforms.into_iter().map(|known| tables.platform(known)).collect::<Result<_, _>>()?;
    let messages = compact.messages.map(|digest| wire::digest("messages", Some(digest))).transpose();
    let messages = messages.map_err(|error| error.to_string())?;
    let policy =
        |proto::Policy { kind, name, digest, settings }| NamedPolicy { kind, name, digest, settings };
    let policies = compact.policies.into_iter().map(policy).collect();
    let (elements, paths) = (compact.elements, tables.paths);
    Ok(Record { elements, paths, inputs, actions, platforms, installed, policies, messages })
}

fn paths(parents: &[u32], names: &[String]) -> Result<PathTable, String> {
    if parents.len() != names.len() {
        return Err(format!("{} parents of {} names", parents.len(), names.len()));
    }
    let (mut paths, mut lengths) = (PathTable::new(), vec![0]);
    for (parent, name) in parents.iter().zip(names) {
        let id = paths.len();
        // With a parent of a higher number, a path could be its own ancestor.
        let proper = (*parent as usize) < id && !name.is_empty() && !name.contains(['/', '\0']);
        if !proper || paths.child(PathId(*parent), name).index() != id {
            return Err(format!("the path table has an invalid entry '{name}' in {parent}"));
        }
        lengths.push(lengths[*parent as usize] + 1 + name.len());
        // Paths are in the table once, however long; each of their texts is as long as all its names.
        if lengths[id] > LONGEST {
            return Err(format!("a path of more than {LONGEST} bytes ends in node {id}"));
        }
    }
    Ok(paths)
}

/// The tables that numbers are indices of.
struct Tables {
    elements: usize,
    paths: PathTable,
    digests: Vec<Digest>,
    platforms: usize,
}

impl Tables {
    fn input(&self, input: proto::Input, bases: &HashSet<Digest>) -> Result<RecordedInput, String> {
        let content = match input.target.is_empty() {
            true => Content::File { digest: self.digest(input.digest)?, executable: input.executable },
            false => Content::Symlink(input.target),
        };
        let origins =
            input.origins.iter().map(|origin| self.origin(origin, bases)).collect::<Result<_, _>>()?;
        Ok(RecordedInput { path: self.path(input.path)?, content, origins })
    }

    fn origin(&self, origin: &proto::Origin, bases: &HashSet<Digest>) -> Result<Origin, String> {
        let (element, path) = (self.element(origin.element)?, self.path(origin.path)?);
        match OverlayType::try_from(origin.r#type) {
            Ok(OverlayType::Source) => Ok(Origin::Source { element, path }),
            Ok(OverlayType::Artifact) => Ok(Origin::Artifact { element, path }),
            Ok(OverlayType::Action) => {
                let base = self.digest(origin.action)?;
                match element == ElementIndex::SELF && !bases.contains(&base) {
                    true => Err(format!("{base} is an origin and not among its own actions")),
                    false => Ok(Origin::Action { element, base, path }),
                }
            }
            Err(_) => Err(format!("{} is no type of origin", origin.r#type)),
        }
    }

    fn action(&self, action: proto::Recorded) -> Result<RecordedAction, String> {
        let outputs = action.outputs.iter().map(|output| {
            let (path, digest) = (self.path(output.path)?, self.digest(output.digest)?);
            Ok(RecordedOutput { path, digest, executable: output.executable })
        });
        for index in &action.platforms {
            below("platform", *index, self.platforms)?;
        }
        let earlier = action.earlier_took_ms.iter().zip(&action.earlier_cpu_ms).take(MOST_EARLIER_RUNS);
        Ok(RecordedAction {
            base: self.digest(action.base)?,
            outputs: outputs.collect::<Result<_, String>>()?,
            platforms: action.platforms,
            took_ms: action.took_ms,
            cpu_ms: action.cpu_ms,
            hits: action.hits,
            misses: action.misses,
            earlier: earlier
                .map(|(took_ms, cpu_ms)| EarlierRun { took_ms: *took_ms, cpu_ms: *cpu_ms })
                .collect(),
        })
    }

    fn platform(&self, platform: proto::Platform) -> Result<PlatformTree, String> {
        let elements =
            platform.elements.iter().map(|element| self.element(*element)).collect::<Result<_, _>>()?;
        Ok(PlatformTree { digest: self.digest(platform.digest)?, elements })
    }

    fn element(&self, index: u32) -> Result<ElementIndex, String> {
        below("element", index, self.elements).map(|()| ElementIndex(index))
    }

    fn path(&self, index: u32) -> Result<PathId, String> {
        below("path", index, self.paths.len()).map(|()| PathId(index))
    }

    fn digest(&self, index: u32) -> Result<Digest, String> {
        self.digests.get(index as usize).copied().ok_or_else(|| format!("there is no digest {index}"))
    }
}

fn below(what: &str, index: u32, count: usize) -> Result<(), String> {
    if (index as usize) < count { Ok(()) } else { Err(format!("there is no {what} {index}")) }
}
