//! The layers of an image of a container: tars that are unpacked over each other. A layer removes what those below it have by
//! entries with names of their own (`.wh.NAME`, and `.wh..wh..opq` for all of a folder).

use std::collections::{HashMap, HashSet};

use spec_cas::Cas;
use spec_model::Digest;

use super::base_dir::SelectedMember;
use super::member::{Member, MemberKind};
use super::{ArchiveLimits, ImportError, build, read_members, store_contents};
use crate::hashing_reader::HashingReader;

/// Devices, and regular files in that folder, are no sources.
const DEVICES: &str = "dev/";
const OPAQUE: &str = ".wh..wh..opq";
const REMOVED: &str = ".wh.";

/// The entries of a layer; their contents are in the store.
pub(crate) struct LayerEntries {
    members: Vec<Member>,
    contents: Vec<Digest>,
}

/// Reads a layer and stores its contents.
pub(crate) fn read_layer(
    input: &mut HashingReader,
    cas: &Cas,
    limits: ArchiveLimits,
) -> Result<LayerEntries, ImportError> {
    let taken = input.taken();
    let (members, contents) = store_contents::store_contents(cas, |storer| {
        read_members::read_members(input, taken, limits, storer)
    })?;
    Ok(LayerEntries { members: members?, contents })
}

/// The trees of layers, the lowest first, each without what layers above it remove.
///
/// As for BuildStream's plugin, an entry that removes a folder removes its entry alone: what is in the folder stays.
pub(crate) fn build_layers(
    layers: Vec<LayerEntries>,
    cas: &Cas,
    limits: ArchiveLimits,
) -> Result<Vec<Digest>, ImportError> {
    let staged = staged(layers.iter().map(|layer| layer.members.as_slice()).collect());
    let one = |(LayerEntries { members, contents }, staged): (LayerEntries, Vec<bool>)| {
        let members: Vec<SelectedMember> = members
            .into_iter()
            .zip(staged)
            .map(|(member, staged)| SelectedMember { member, staged })
            .collect();
        build(&members, &contents, cas, limits)
    };
    layers.into_iter().zip(staged).map(one).collect()
}

/// Which entries of each layer are staged.
fn staged(layers: Vec<&[Member]>) -> Vec<Vec<bool>> {
    let mut removed: HashSet<String> = HashSet::new();
    let mut opaque: HashSet<&str> = HashSet::new();
    let mut all = Vec::new();
    for members in layers.into_iter().rev() {
        // Of several entries of a name the last one counts.
        let last: HashMap<&str, usize> =
            members.iter().enumerate().map(|(index, member)| (member.name.as_str(), index)).collect();
        let is_staged = |(index, member): (usize, &Member)| {
            let name = member.name.as_str();
            !is_mark(name)
                && member.kind != MemberKind::Device
                && !name.starts_with(DEVICES)
                && last.get(name) == Some(&index)
                && !removed.contains(name)
                && !is_below(name, &opaque)
        };
        all.push(members.iter().enumerate().map(is_staged).collect());
        for name in members.iter().map(|member| member.name.as_str()) {
            let (folder, last) = name.split_at(name.rfind('/').map_or(0, |at| at + 1));
            match last.strip_prefix(REMOVED) {
                _ if last == OPAQUE => drop(opaque.insert(folder)),
                Some(hidden) => drop(removed.insert(format!("{folder}{hidden}"))),
                None => {}
            }
        }
    }
    all.reverse();
    all
}

/// Whether an entry only says that something is removed.
fn is_mark(name: &str) -> bool {
    name.rsplit('/').next().unwrap_or_default().starts_with(REMOVED)
}

/// Whether an entry is in one of the folders, which are written with a slash at their ends; the empty one has all.
fn is_below(name: &str, folders: &HashSet<&str>) -> bool {
    let mut ends = name.match_indices('/').map(|(at, _)| at + 1);
    folders.contains("") || ends.any(|end| folders.contains(&name[..end]))
}

#[cfg(test)]
mod tests;
