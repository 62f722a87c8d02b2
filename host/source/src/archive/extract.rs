//! Unpacks the entries of an archive into a file system in memory, as Python's `tarfile` does with its data filter,
//! because BuildStream stages the result of that.

use std::collections::HashMap;

use super::ArchiveError;
use super::base_dir::SelectedMember;
use super::limits::too_many;
use super::member::{ContentIndex, LONGEST, Member, MemberKind};
use super::vfs::{EntryName, Inode, InodeId, PathError, PathLookup, Vfs};

/// Unpacks the selected members in order, to at most `most` files and directories.
pub(crate) fn extract(members: &[SelectedMember], most: u64) -> Result<Vfs, ArchiveError> {
    let vfs = Vfs::new(usize::try_from(most).unwrap_or(usize::MAX));
    let mut extraction = Extraction { vfs, members, by_name: HashMap::new() };
    for (index, selected) in members.iter().enumerate() {
        if selected.staged {
            let member = &selected.member;
            extraction.member(index, member).map_err(|problem| error(&member.name, problem, most))?;
        }
    }
    Ok(extraction.vfs)
}

enum ExtractError {
    PathError(PathError),
    Unknown(u8),
    Name,
}

impl From<PathError> for ExtractError {
    fn from(fault: PathError) -> Self {
        Self::PathError(fault)
    }
}

fn error(entry: &str, problem: ExtractError, most: u64) -> ArchiveError {
    let entry = entry.to_owned();
    match problem {
        ExtractError::PathError(PathError::Climbs(through)) => ArchiveError::Climbs { entry, through },
        ExtractError::PathError(PathError::Blocked(why)) => ArchiveError::Conflict { entry, why },
        ExtractError::PathError(PathError::Full) => too_many(most),
        ExtractError::Unknown(flag) => ArchiveError::Unknown { entry, flag },
        ExtractError::Name => ArchiveError::Name { entry },
    }
}

struct Extraction<'m> {
    vfs: Vfs,
    members: &'m [SelectedMember],
    /// Positions of entries by their normal names; made when the first link needs it.
    by_name: HashMap<String, Vec<usize>>,
}

const IS_DIRECTORY: ExtractError =
    ExtractError::PathError(PathError::Blocked("a directory of that name is there already"));

impl Extraction<'_> {
    fn member(&mut self, index: usize, member: &Member) -> Result<(), ExtractError> {
        let name = member.name.trim_start_matches('/');
        check_length(name)?;
        let found = self.vfs.find(name, true)?;
        match &member.kind {
            MemberKind::Directory => self.directory(name),
            MemberKind::File(content) => self.file(name, *content, member.executable),
            MemberKind::Symlink { target } => self.symlink(name, target),
            MemberKind::HardLink { target } => {
                if found == PathLookup::Node(Vfs::ROOT) {
                    return Err(IS_DIRECTORY);
                }
                self.hard_link(index, name, target)?;
                self.set_executable(name, member.executable);
                Ok(())
            }
            MemberKind::Device => Ok(()),
            MemberKind::Unknown(flag) => Err(ExtractError::Unknown(*flag)),
        }
    }

    fn directory(&mut self, name: &str) -> Result<(), ExtractError> {
        let Ok(slot) = self.vfs.create_parents(name)? else {
            return Ok(());
        };
        match self.vfs.find(name, true)? {
            PathLookup::Node(id) if matches!(self.vfs.get(id), Inode::Directory { .. }) => Ok(()),
            PathLookup::Vacant(free) if free == slot => Ok(self.vfs.make_directory(slot).map(|_| ())?),
            _ => Err(PathError::Blocked("something that is no directory has that name already").into()),
        }
    }

    /// Writes a file. As with `open`, a link is followed, and a file with several names changes under all of them.
    fn file(&mut self, name: &str, content: ContentIndex, executable: bool) -> Result<(), ExtractError> {
        if name.is_empty() || self.vfs.create_parents(name)?.is_err() {
            return Err(IS_DIRECTORY);
        }
        let file = Inode::File { content, executable };
        match self.vfs.find(name, true)? {
            PathLookup::Node(id) if matches!(self.vfs.get(id), Inode::Directory { .. }) => {
                return Err(IS_DIRECTORY);
            }
            PathLookup::Node(id) => *self.vfs.get_mut(id) = file,
            PathLookup::Vacant(slot) => drop(self.vfs.add(slot, file)),
            PathLookup::Missing => {
                return Err(PathError::Blocked("its path goes through a link that leads nowhere").into());
            }
        }
        Ok(())
    }

    fn symlink(&mut self, name: &str, target: &str) -> Result<(), ExtractError> {
        check_length(target)?;
        if target.is_empty() {
            return Err(PathError::Blocked("it is a link to nothing").into());
        }
        let Ok(slot) = self.vfs.create_parents(name)? else {
            return Err(IS_DIRECTORY);
        };
        if let PathLookup::Node(id) = self.vfs.find(name, false)?
            && matches!(self.vfs.get(id), Inode::Directory { .. })
        {
            return Err(IS_DIRECTORY);
        }
        self.vfs.add(slot, Inode::Symlink { target: target.to_owned() });
        Ok(())
    }

    /// Gives the file at `target` a second name; if it was not unpacked, copies its entry.
    fn hard_link(&mut self, index: usize, name: &str, target: &str) -> Result<(), ExtractError> {
        if target.starts_with('/') {
            return Err(PathError::Climbs(target.to_owned()).into());
        }
        let target = normal(target);
        let linked = self.vfs.find(&target, true)?;
        let slot = self.vfs.create_parents(name)?.map_err(|_| IS_DIRECTORY)?;
        let taken = matches!(self.vfs.find(name, false)?, PathLookup::Node(_));
        match (linked, self.vfs.find(&target, false)?) {
            (PathLookup::Node(_), PathLookup::Node(id)) if !taken && self.is_linkable(id) => {
                self.link(slot, id)
            }
            _ => return self.copy(index, name, &target),
        }
        Ok(())
    }

    fn is_linkable(&self, id: InodeId) -> bool {
        !matches!(self.vfs.get(id), Inode::Directory { .. })
    }

    fn link(&mut self, slot: EntryName, id: InodeId) {
        self.vfs.link(slot, id);
    }

    fn copy(&mut self, index: usize, name: &str, target: &str) -> Result<(), ExtractError> {
        let missing = PathError::Blocked("the entry that it links to does not come before it");
        let members = self.members;
        let original = &members[self.original(index, target).ok_or(missing)?].member;
        match &original.kind {
            MemberKind::File(content) => self.file(name, *content, original.executable),
            MemberKind::Symlink { target } => self.symlink(name, target),
            MemberKind::Directory => self.directory(name),
            _ => Err(PathError::Blocked("it links to an entry that is no file").into()),
        }
    }

    /// The last entry of that name before `index`, through hard links.
    fn original(&mut self, index: usize, target: &str) -> Option<usize> {
        const MAX_CHAIN: usize = 40;
        if self.by_name.is_empty() {
            for (position, selected) in self.members.iter().enumerate() {
                self.by_name.entry(normal(&selected.member.name)).or_default().push(position);
            }
        }
        let mut index = index;
        let mut target = target.to_owned();
        for _ in 0..MAX_CHAIN {
            let positions = self.by_name.get(&target)?;
            index = *positions[..positions.partition_point(|position| *position < index)].last()?;
            match &self.members[index].member.kind {
                MemberKind::HardLink { target: next } => target = normal(next),
                _ => return Some(index),
            }
        }
        None
    }

    /// As `chmod`: follows links, and does nothing when a link is dangling.
    fn set_executable(&mut self, name: &str, value: bool) {
        if let Ok(PathLookup::Node(id)) = self.vfs.find(name, true)
            && let Inode::File { executable, .. } = self.vfs.get_mut(id)
        {
            *executable = value;
        }
    }
}

/// Linux takes paths up to 4095 bytes, and names up to 255.
fn check_length(path: &str) -> Result<(), ExtractError> {
    if path.len() > LONGEST || path.split('/').any(|part| part.len() > 255) || path.contains('\0') {
        return Err(ExtractError::Name);
    }
    Ok(())
}

/// The path without `.`, empty parts, and `..` after a name.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
