//! Writing an image, from its beginning to its end.

use std::io::{self, Write};

use spec_model::tree::{NodeProperties, SymlinkNode};

use super::format::{
    self, BLOCK, CHUNKED, DIRENT, FileOwner, HOLE, INLINE, Inode, ONE_CHUNK, PLAIN, SUPERBLOCK,
};
use super::plan::{Dirent, ImagePlan, InodeContents, PlannedDirectory, block_runs};
use crate::error::{CasError, Result};
use crate::layout::{FIXED_MTIME, overlay_redirect};

const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;
const PERMISSIONS: u32 = 0o7777;

pub(super) struct ImageWriter<'a> {
    plan: &'a ImagePlan,
    owner: FileOwner,
    to: &'a mut dyn Write,
    written: u64,
}

impl<'a> ImageWriter<'a> {
    pub(super) fn new(plan: &'a ImagePlan, owner: FileOwner, to: &'a mut dyn Write) -> Self {
        Self { plan, owner, to, written: 0 }
    }

    pub(super) fn image(mut self) -> Result<()> {
        let blocks = self.plan.blocks()?;
        self.all(blocks).map_err(CasError::io("write", "the image of a tree"))
    }

    fn all(&mut self, blocks: u32) -> io::Result<()> {
        let plan = self.plan;
        self.fill_to(SUPERBLOCK)?;
        let root = plan.folders[0].number as u16;
        self.put(&format::superblock(root, plan.inodes.len() as u64, blocks))?;
        for (number, place) in plan.inodes.iter().enumerate() {
            self.fill_to(place.at)?;
            match place.what {
                InodeContents::Directory(at) => self.folder(&plan.folders[at], number as u32)?,
                InodeContents::File { folder, file } => {
                    self.file(&plan.folders[folder], file, number as u32)?
                }
                InodeContents::Symlink { folder, link, block } => {
                    let link = &plan.folders[folder].directory.symlinks[link];
                    self.symlink(link, block, number as u32)?;
                }
            }
        }
        self.contents()?;
        self.fill_to(u64::from(blocks) * BLOCK)
    }

    /// The blocks of directories and long links, in the order in which they were given out.
    fn contents(&mut self) -> io::Result<()> {
        let plan = self.plan;
        let folders = plan.folders.iter().filter(|folder| folder.blocks > 0);
        let links = plan.inodes.iter().filter_map(|place| match place.what {
            InodeContents::Symlink { folder, link, block: Some(block) } => Some((block, folder, link)),
            _ => None,
        });
        let mut order: Vec<(u64, &PlannedDirectory, Option<&SymlinkNode>)> =
            folders.map(|folder| (folder.first_block, folder, None)).collect();
        order.extend(links.map(|(block, folder, link)| {
            let folder = &plan.folders[folder];
            (block, folder, Some(&folder.directory.symlinks[link]))
        }));
        order.sort_unstable_by_key(|(block, ..)| *block);
        for (block, folder, link) in order {
            self.fill_to((plan.inode_blocks + block) * BLOCK)?;
            match link {
                Some(link) => self.put(link.target.as_bytes())?,
                None => self.blocks_of(folder)?,
            }
        }
        Ok(())
    }

    fn blocks_of(&mut self, folder: &PlannedDirectory) -> io::Result<()> {
        let dirents = folder.dirents();
        for run in block_runs(&dirents).into_iter().take(folder.blocks as usize) {
            self.dirents(run)?;
            self.fill_to(self.written.next_multiple_of(BLOCK))?;
        }
        Ok(())
    }

    fn folder(&mut self, folder: &PlannedDirectory, number: u32) -> io::Result<()> {
        let layout = if folder.tail > 0 { INLINE } else { PLAIN };
        let mode = folder.directory.properties.unix_mode.unwrap_or(0o755) & PERMISSIONS;
        let first = self.plan.inode_blocks + folder.first_block;
        self.inode(Inode {
            layout,
            attributes: 0,
            mode: DIRECTORY | mode,
            size: folder.blocks * BLOCK + folder.tail,
            raw: if folder.blocks > 0 { first as u32 } else { 0 },
            number,
            mtime: (FIXED_MTIME, 0),
            links: 2 + folder.directory.directories.len() as u32,
        })?;
        let dirents = folder.dirents();
        match block_runs(&dirents).last().filter(|_| folder.tail > 0) {
            Some(tail) => self.dirents(tail),
            None => Ok(()),
        }
    }

    fn file(&mut self, folder: &PlannedDirectory, file: usize, number: u32) -> io::Result<()> {
        let node = &folder.directory.files[file];
        let size = node.digest.size();
        let plain = if node.executable { 0o755 } else { 0o644 };
        let redirect = overlay_redirect(&node.digest);
        let attributes = if size > 0 { format::attributes(&redirect) } else { Vec::new() };
        self.inode(Inode {
            layout: if size > 0 { CHUNKED } else { PLAIN },
            attributes: attributes.len(),
            mode: FILE | (node.properties.unix_mode.unwrap_or(plain) & PERMISSIONS),
            size,
            raw: if size > 0 { ONE_CHUNK } else { 0 },
            number,
            mtime: mtime(&node.properties),
            links: 1,
        })?;
        self.put(&attributes)?;
        if size > 0 { self.put(&HOLE) } else { Ok(()) }
    }

    fn symlink(&mut self, link: &SymlinkNode, block: Option<u64>, number: u32) -> io::Result<()> {
        self.inode(Inode {
            layout: if block.is_some() { PLAIN } else { INLINE },
            attributes: 0,
            mode: SYMLINK | 0o777,
            size: link.target.len() as u64,
            raw: block.map_or(0, |block| (self.plan.inode_blocks + block) as u32),
            number,
            mtime: (FIXED_MTIME, 0),
            links: 1,
        })?;
        if block.is_some() { Ok(()) } else { self.put(link.target.as_bytes()) }
    }

    fn dirents(&mut self, run: &[Dirent<'_>]) -> io::Result<()> {
        let mut name_at = DIRENT * run.len() as u64;
        for entry in run {
            let mut record = [0; DIRENT as usize];
            record[..8].copy_from_slice(&entry.number.to_le_bytes());
            record[8..10].copy_from_slice(&(name_at as u16).to_le_bytes());
            record[10] = entry.kind;
            self.put(&record)?;
            name_at += entry.name.len() as u64;
        }
        run.iter().try_for_each(|entry| self.put(entry.name.as_bytes()))
    }

    fn inode(&mut self, inode: Inode) -> io::Result<()> {
        self.put(&inode.bytes(self.owner))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.to.write_all(bytes)
    }

    fn fill_to(&mut self, place: u64) -> io::Result<()> {
        const ZEROS: [u8; 256] = [0; 256];
        while self.written < place {
            let rest = (place - self.written).min(ZEROS.len() as u64);
            self.put(&ZEROS[..rest as usize])?;
        }
        Ok(())
    }
}

fn mtime(properties: &NodeProperties) -> (i64, u32) {
    properties.mtime.map_or((FIXED_MTIME, 0), |(seconds, nanos)| (seconds, nanos.try_into().unwrap_or(0)))
}
