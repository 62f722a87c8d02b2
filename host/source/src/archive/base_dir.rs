//! Finds the directory of an archive that is staged: the first, in order of names, that matches `base-dir`.

use std::collections::HashSet;

use spec_model::Globs;

use super::limits::too_many;
use super::member::{Member, MemberKind};
use super::{ArchiveError, relative};

/// The prefix, with its slash, of the entries to stage; empty for all of them.
///
/// Candidates are directories that have entries of their own, and parents of files. The rules are BuildStream's,
/// including an entry for the archive's root itself, which `*` matches. No more than `most` directories are
/// considered.
pub(crate) fn find_base_dir(members: &[Member], pattern: &str, most: u64) -> Result<String, ArchiveError> {
    if pattern.is_empty() {
        return Ok(String::new());
    }
    let glob = Globs::new([pattern.strip_prefix('/').unwrap_or(pattern)])?;
    let first = candidates(members, most)?.into_iter().filter(|path| glob.matches(path)).min();
    match first {
        Some(path) if path.is_empty() || path.ends_with('/') => Ok(path.to_owned()),
        Some(path) => Ok(format!("{path}/")),
        None => Err(ArchiveError::BaseDir { pattern: pattern.to_owned() }),
    }
}

fn candidates(members: &[Member], most: u64) -> Result<HashSet<&str>, ArchiveError> {
    let names: HashSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let (mut found, mut seen) = (HashSet::new(), HashSet::new());
    for member in members {
        let name = member.name.trim_start_matches(['.', '/']);
        if member.kind == MemberKind::Directory {
            found.insert(name);
            continue;
        }
        // From the innermost to the outermost: when one was seen before, so were its parents.
        let parents = name.rmatch_indices('/').map(|(at, _)| &name[..at]);
        for parent in parents.take_while(|parent| seen.insert(*parent)) {
            if !names.contains(parent.trim_end_matches('/')) {
                found.insert(parent);
            }
        }
        if seen.len() as u64 > most {
            return Err(too_many(most));
        }
    }
    found.remove(".");
    Ok(found)
}

/// The part of an archive that is staged.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ArchivePart<'p> {
    /// The first directory that matches this pattern; all of it for an empty pattern.
    BaseDir(&'p str),
    /// What is in directories, each without the name of the outermost.
    BelowTop,
    /// As `BelowTop`, without what these match.
    BelowTopExcept(&'p Globs),
}

/// The entries that are staged, renamed. Devices are left out.
pub(crate) fn select(
    members: Vec<Member>,
    part: ArchivePart<'_>,
    most: u64,
) -> Result<Vec<SelectedMember>, ArchiveError> {
    match part {
        ArchivePart::BaseDir(pattern) => {
            let base = find_base_dir(&members, pattern, most)?;
            Ok(members.into_iter().map(|member| select_below(member, &base)).collect())
        }
        ArchivePart::BelowTop => Ok(members.into_iter().map(without_top).collect()),
        ArchivePart::BelowTopExcept(excluded) => {
            let mut members: Vec<_> = members.into_iter().map(without_top).collect();
            members
                .iter_mut()
                .for_each(|selected| selected.staged &= !excluded.matches(&selected.member.name));
            Ok(members)
        }
    }
}

fn without_top(mut member: Member) -> SelectedMember {
    let below = member.name.split_once('/').map(|(_, below)| below.to_owned());
    let staged = below.is_some() && member.kind != MemberKind::Device;
    member.name = below.unwrap_or_default();
    SelectedMember { member, staged }
}

/// An entry and whether it is staged. Others stay: a hard link may name one of them.
pub(crate) struct SelectedMember {
    pub(crate) member: Member,
    pub(crate) staged: bool,
}

fn select_below(mut member: Member, base: &str) -> SelectedMember {
    if base.is_empty() {
        let staged = member.kind != MemberKind::Device;
        return SelectedMember { member, staged };
    }
    member.name = relative(&member.name).to_owned();
    let Some(name) = member.name.strip_prefix(base).map(str::to_owned) else {
        return SelectedMember { member, staged: false };
    };
    if let MemberKind::HardLink { target } = &mut member.kind {
        let short = relative(target);
        *target = short.strip_prefix(base).unwrap_or(short).to_owned();
    }
    member.name = name;
    let staged = member.kind != MemberKind::Device;
    SelectedMember { member, staged }
}

#[cfg(test)]
mod tests;
