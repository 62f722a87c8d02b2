//! The plan of an image: where each inode and block is.

use std::sync::Arc;

use spec_model::Digest;
use spec_model::tree::Directory;

use super::format::{self, BLOCK, DIRENT, FIRST_INODE, INODE, KIND_DIRECTORY, KIND_FILE, KIND_SYMLINK, SLOT};
use crate::error::{CasError, Result};
use crate::layout::overlay_redirect;
use crate::store::Cas;
use crate::tree::push_name;

/// When the rest of a directory is longer than this it gets a block of its own instead of a place after the inode.
const LONGEST_TAIL: u64 = 2048;

/// Everything in an image, in the order of places.
#[derive(Debug, Default)]
pub(super) struct ImagePlan {
    pub(super) folders: Vec<PlannedDirectory>,
    pub(super) inodes: Vec<PlannedInode>,
    /// Blocks of inodes; those with contents of directories and long links follow.
    pub(super) inode_blocks: u64,
    pub(super) content_blocks: u64,
    end: u64,
}

/// An inode and where it is, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedInode {
    pub(super) at: u64,
    pub(super) what: InodeContents,
}

/// What an inode describes; the numbers are indices into the lists of a folder.
#[derive(Clone, Copy, Debug)]
pub(super) enum InodeContents {
    Directory(usize),
    File { folder: usize, file: usize },
    Symlink { folder: usize, link: usize, block: Option<u64> },
}

/// A directory of the tree.
#[derive(Debug)]
pub(super) struct PlannedDirectory {
    pub(super) directory: Arc<Directory>,
    /// The inode numbers of the directory itself and of its parent.
    pub(super) number: u64,
    pub(super) parent: u64,
    /// The numbers of its directories, files and links, in the order of its lists.
    pub(super) children: [Vec<u64>; 3],
    /// Whole blocks of entries, the first of them, and the bytes that follow the inode.
    pub(super) blocks: u64,
    pub(super) first_block: u64,
    pub(super) tail: u64,
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dirent<'a> {
    pub(super) name: &'a str,
    pub(super) kind: u8,
    pub(super) number: u64,
}

impl ImagePlan {
    pub(super) fn new(cas: &Cas, root: &Digest) -> Result<Self> {
        let mut plan = Self { end: FIRST_INODE, ..Self::default() };
        let mut open = vec![(plan.folder(cas, root, "", None)?, String::new())];
        while let Some((folder, path)) = open.pop() {
            plan.leaves(folder);
            let directory = Arc::clone(&plan.folders[folder].directory);
            for child in &directory.directories {
                let mut path = path.clone();
                push_name(&mut path, &child.name);
                let below = plan.folder(cas, &child.digest, &path, Some(folder))?;
                open.push((below, path));
            }
        }
        plan.inode_blocks = plan.end.div_ceil(BLOCK);
        Ok(plan)
    }

    fn folder(&mut self, cas: &Cas, digest: &Digest, path: &str, parent: Option<usize>) -> Result<usize> {
        cas.check_cancel()?;
        let directory = cas.directory_at(digest, path)?;
        let mut folder = PlannedDirectory {
            directory,
            number: 0,
            parent: 0,
            children: Default::default(),
            blocks: 0,
            first_block: self.content_blocks,
            tail: 0,
        };
        (folder.blocks, folder.tail) = dirent_space(folder.dirents().iter());
        self.content_blocks += folder.blocks;
        let index = self.folders.len();
        folder.number = self.place(InodeContents::Directory(index), INODE + folder.tail, folder.tail > 0);
        folder.parent = folder.number;
        if let Some(parent) = parent {
            folder.parent = self.folders[parent].number;
            self.folders[parent].children[0].push(folder.number);
        }
        self.folders.push(folder);
        Ok(index)
    }

    fn leaves(&mut self, folder: usize) {
        let directory = Arc::clone(&self.folders[folder].directory);
        for (index, file) in directory.files.iter().enumerate() {
            let bytes = match file.digest.size() {
                0 => INODE,
                _ => INODE + format::attributes_len(&overlay_redirect(&file.digest)) as u64 + 4,
            };
            let number = self.place(InodeContents::File { folder, file: index }, bytes, false);
            self.folders[folder].children[1].push(number);
        }
        for (index, link) in directory.symlinks.iter().enumerate() {
            let length = link.target.len() as u64;
            let block = (INODE + length > BLOCK).then_some(self.content_blocks);
            self.content_blocks += u64::from(block.is_some());
            let bytes = if block.is_some() { INODE } else { INODE + length };
            let number =
                self.place(InodeContents::Symlink { folder, link: index, block }, bytes, block.is_none());
            self.folders[folder].children[2].push(number);
        }
    }

    /// Gives an inode its place, and returns its number. Contents that follow an inode must be in one block
    /// (`in_one_block`).
    fn place(&mut self, what: InodeContents, bytes: u64, in_one_block: bool) -> u64 {
        let mut at = self.end.next_multiple_of(SLOT);
        if in_one_block && at % BLOCK + bytes > BLOCK {
            at = at.next_multiple_of(BLOCK);
        }
        self.end = at + bytes;
        self.inodes.push(PlannedInode { at, what });
        at / SLOT
    }

    /// Bytes of the whole image.
    pub(super) fn blocks(&self) -> Result<u32> {
        let blocks = self.inode_blocks + self.content_blocks;
        u32::try_from(blocks).map_err(|_| CasError::BadPath {
            path: "the whole tree".to_owned(),
            why: "its names take more than 16 TB",
        })
    }
}

impl PlannedDirectory {
    /// All entries, `.` and `..` among them, in the order of their bytes. Numbers are those known so far.
    pub(super) fn dirents(&self) -> Vec<Dirent<'_>> {
        let number = |list: usize, at: usize| self.children[list].get(at).copied().unwrap_or_default();
        let own = |name, number| Dirent { name, kind: KIND_DIRECTORY, number };
        let mut all = vec![own(".", self.number), own("..", self.parent)];
        let directories = self.directory.directories.iter().map(|node| &node.name);
        let files = self.directory.files.iter().map(|node| &node.name);
        let links = self.directory.symlinks.iter().map(|node| &node.name);
        let lists: [(u8, &mut dyn Iterator<Item = &String>); 3] = [
            (KIND_DIRECTORY, &mut directories.into_iter()),
            (KIND_FILE, &mut files.into_iter()),
            (KIND_SYMLINK, &mut links.into_iter()),
        ];
        for (list, (kind, names)) in lists.into_iter().enumerate() {
            all.extend(names.enumerate().map(|(at, name)| Dirent { name, kind, number: number(list, at) }));
        }
        all.sort_unstable_by_key(|entry| entry.name.as_bytes());
        all
    }
}

/// The entries of a directory in runs that fit into one block each.
pub(super) fn block_runs<'a, 'b>(dirents: &'b [Dirent<'a>]) -> Vec<&'b [Dirent<'a>]> {
    let (mut block_runs, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (at, entry) in dirents.iter().enumerate() {
        let more = DIRENT + entry.name.len() as u64;
        if bytes + more > BLOCK {
            block_runs.push(&dirents[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += more;
    }
    block_runs.push(&dirents[start..]);
    block_runs
}

/// Whole blocks that the entries take, and the bytes after them.
fn dirent_space<'a>(dirents: impl Iterator<Item = &'a Dirent<'a>>) -> (u64, u64) {
    let (mut blocks, mut bytes) = (0, 0);
    for entry in dirents {
        let more = DIRENT + entry.name.len() as u64;
        if bytes + more > BLOCK {
            (blocks, bytes) = (blocks + 1, 0);
        }
        bytes += more;
    }
    if bytes > LONGEST_TAIL { (blocks + 1, 0) } else { (blocks, bytes) }
}
