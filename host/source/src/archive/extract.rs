//! Unpacks the entries of an archive into a file system in memory, as Python's `tarfile` does with its data filter:
//! that is what BuildStream stages.

use std::collections::HashMap;

use super::ArchiveError;
use super::base_dir::Placed;
use super::limits::too_many;
use super::member::{Content, LONGEST, Member, MemberKind};
use super::vfs::{Fault, Found, Id, Inode, Slot, Vfs};

/// Unpacks the staged ones of `members`, in order, to at most `most` files and directories.
pub(crate) fn extract(members: &[Placed], most: u64) -> Result<Vfs, ArchiveError> {
    let vfs = Vfs::new(usize::try_from(most).unwrap_or(usize::MAX));
    let mut extraction = Extraction { vfs, members, by_name: HashMap::new() };
    for (index, placed) in members.iter().enumerate() {
        if placed.staged {
            let member = &placed.member;
            extraction.member(index, member).map_err(|problem| error(&member.name, problem, most))?;
        }
    }
    Ok(extraction.vfs)
}

enum Problem {
    Fault(Fault),
    Unknown(u8),
    Name,
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn error(entry: &str, problem: Problem, most: u64) -> ArchiveError {
    let entry = entry.to_owned();
    match problem {
        Problem::Fault(Fault::Climbs(through)) => ArchiveError::Climbs { entry, through },
        Problem::Fault(Fault::Blocked(why)) => ArchiveError::Conflict { entry, why },
        Problem::Fault(Fault::Full) => too_many(most),
        Problem::Unknown(flag) => ArchiveError::Unknown { entry, flag },
        Problem::Name => ArchiveError::Name { entry },
    }
}

struct Extraction<'m> {
    vfs: Vfs,
    members: &'m [Placed],
    /// Positions of entries by their normal names; made when the first link needs it.
    by_name: HashMap<String, Vec<usize>>,
}

const IS_DIRECTORY: Problem = Problem::Fault(Fault::Blocked("a directory of that name is there already"));

impl Extraction<'_> {
    fn member(&mut self, index: usize, member: &Member) -> Result<(), Problem> {
        let name = member.name.trim_start_matches('/');
        check_length(name)?;
        let found = self.vfs.find(name, true)?;
        match &member.kind {
            MemberKind::Directory => self.directory(name),
            MemberKind::File(content) => self.file(name, *content, member.executable),
            MemberKind::Symlink { target } => self.symlink(name, target),
            MemberKind::HardLink { target } => {
                if found == Found::Node(Vfs::ROOT) {
                    return Err(IS_DIRECTORY);
                }
                self.hard_link(index, name, target)?;
                self.set_executable(name, member.executable);
                Ok(())
            }
            MemberKind::Device => Ok(()),
            MemberKind::Unknown(flag) => Err(Problem::Unknown(*flag)),
        }
    }

    fn directory(&mut self, name: &str) -> Result<(), Problem> {
        let Ok(slot) = self.vfs.make_way(name)? else {
            return Ok(());
        };
        match self.vfs.find(name, true)? {
            Found::Node(id) if matches!(self.vfs.get(id), Inode::Directory { .. }) => Ok(()),
            Found::Free(free) if free == slot => Ok(self.vfs.make_directory(slot).map(|_| ())?),
            _ => Err(Fault::Blocked("something that is no directory has that name already").into()),
        }
    }

    /// Writes through a link, and into every name of a file that has several.
    fn file(&mut self, name: &str, content: Content, executable: bool) -> Result<(), Problem> {
        if name.is_empty() || self.vfs.make_way(name)?.is_err() {
            return Err(IS_DIRECTORY);
        }
        let file = Inode::File { content, executable };
        match self.vfs.find(name, true)? {
            Found::Node(id) if matches!(self.vfs.get(id), Inode::Directory { .. }) => {
                return Err(IS_DIRECTORY);
            }
            Found::Node(id) => *self.vfs.get_mut(id) = file,
            Found::Free(slot) => drop(self.vfs.add(slot, file)),
            Found::Gap => {
                return Err(Fault::Blocked("its path goes through a link that leads nowhere").into());
            }
        }
        Ok(())
    }

    fn symlink(&mut self, name: &str, target: &str) -> Result<(), Problem> {
        check_length(target)?;
        if target.is_empty() {
            return Err(Fault::Blocked("it is a link to nothing").into());
        }
        let Ok(slot) = self.vfs.make_way(name)? else {
            return Err(IS_DIRECTORY);
        };
        if let Found::Node(id) = self.vfs.find(name, false)?
            && matches!(self.vfs.get(id), Inode::Directory { .. })
        {
            return Err(IS_DIRECTORY);
        }
        self.vfs.add(slot, Inode::Symlink { target: target.to_owned() });
        Ok(())
    }

    /// Gives what `target` names a second name, or copies the entry when it is not there to be linked to.
    fn hard_link(&mut self, index: usize, name: &str, target: &str) -> Result<(), Problem> {
        if target.starts_with('/') {
            return Err(Fault::Climbs(target.to_owned()).into());
        }
        let target = normal(target);
        let linked = self.vfs.find(&target, true)?;
        let slot = self.vfs.make_way(name)?.map_err(|_| IS_DIRECTORY)?;
        let taken = matches!(self.vfs.find(name, false)?, Found::Node(_));
        match (linked, self.vfs.find(&target, false)?) {
            (Found::Node(_), Found::Node(id)) if !taken && self.is_linkable(id) => self.link(slot, id),
            _ => return self.copy(index, name, &target),
        }
        Ok(())
    }

    fn is_linkable(&self, id: Id) -> bool {
        !matches!(self.vfs.get(id), Inode::Directory { .. })
    }

    fn link(&mut self, slot: Slot, id: Id) {
        self.vfs.link(slot, id);
    }

    fn copy(&mut self, index: usize, name: &str, target: &str) -> Result<(), Problem> {
        let missing = Fault::Blocked("the entry that it links to does not come before it");
        let members = self.members;
        let original = &members[self.original(index, target).ok_or(missing)?].member;
        match &original.kind {
            MemberKind::File(content) => self.file(name, *content, original.executable),
            MemberKind::Symlink { target } => self.symlink(name, target),
            MemberKind::Directory => self.directory(name),
            _ => Err(Fault::Blocked("it links to an entry that is no file").into()),
        }
    }

    /// The last entry of that name before `index`, through hard links.
    fn original(&mut self, index: usize, target: &str) -> Option<usize> {
        const MAX_CHAIN: usize = 40;
        if self.by_name.is_empty() {
            for (position, placed) in self.members.iter().enumerate() {
                self.by_name.entry(normal(&placed.member.name)).or_default().push(position);
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

    /// As `chmod` would: through links, and nothing where they lead nowhere.
    fn set_executable(&mut self, name: &str, value: bool) {
        if let Ok(Found::Node(id)) = self.vfs.find(name, true)
            && let Inode::File { executable, .. } = self.vfs.get_mut(id)
        {
            *executable = value;
        }
    }
}

/// Linux takes paths up to 4095 bytes, and names up to 255.
fn check_length(path: &str) -> Result<(), Problem> {
    if path.len() > LONGEST || path.split('/').any(|part| part.len() > 255) || path.contains('\0') {
        return Err(Problem::Name);
    }
    Ok(())
}

/// The path without `.`, empty parts and the `..` that words alone can resolve.
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
