//! The constants of the EROFS format, and its records as bytes.

/// Bytes of a block.
pub(super) const BLOCK: u64 = 4096;
/// The number of an inode is its place in units of so many bytes.
pub(super) const SLOT: u64 = 32;
/// The place of the superblock, and the first free byte after it.
pub(super) const SUPERBLOCK: u64 = 1024;
pub(super) const SUPERBLOCK_LEN: usize = 128;
pub(super) const FIRST_INODE: u64 = SUPERBLOCK + SUPERBLOCK_LEN as u64;
/// Bytes of an inode in its extended form.
pub(super) const INODE: u64 = 64;
/// Bytes of an entry of a directory without its name.
pub(super) const DIRENT: u64 = 12;

/// Kinds of entries in directories.
pub(super) const KIND_FILE: u8 = 1;
pub(super) const KIND_DIRECTORY: u8 = 2;
pub(super) const KIND_SYMLINK: u8 = 7;

/// Contents in blocks of their own.
pub(super) const PLAIN: u16 = 0;
/// As [`PLAIN`], but the last part follows the inode.
pub(super) const INLINE: u16 = 2;
/// Contents in chunks; we write one hole.
pub(super) const CHUNKED: u16 = 4;
/// The value of `raw` for a chunk of 2^(12+31) bytes.
pub(super) const ONE_CHUNK: u32 = 31;
/// The chunk that is a hole.
pub(super) const HOLE: [u8; 4] = [0xff; 4];

const MAGIC: u32 = 0xe0f5_e1e2;
const BLOCK_BITS: u8 = 12;
const HAS_CHUNKED_FILES: u32 = 4;
const EXTENDED: u16 = 1;
const TRUSTED: u8 = 4;
const XATTR_HEADER: usize = 12;

/// Who owns the files of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileOwner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl FileOwner {
    /// The user and the group that this process makes files with.
    pub(crate) fn of_process() -> Self {
        let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
        Self { uid: uid.as_raw(), gid: gid.as_raw() }
    }
}

/// The fields of an inode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inode {
    /// [`PLAIN`], [`INLINE`] or [`CHUNKED`].
    pub(super) layout: u16,
    /// Bytes of extended attributes that follow it.
    pub(super) attributes: usize,
    pub(super) mode: u32,
    pub(super) size: u64,
    /// The first block, or the kind of chunks.
    pub(super) raw: u32,
    pub(super) number: u32,
    pub(super) mtime: (i64, u32),
    pub(super) links: u32,
}

impl Inode {
    pub(super) fn bytes(&self, owner: FileOwner) -> [u8; INODE as usize] {
        let attributes = match self.attributes {
            0 => 0,
            bytes => (bytes - XATTR_HEADER) as u16 / 4 + 1,
        };
        let mut record = Record::default();
        record.add(&(EXTENDED | self.layout << 1).to_le_bytes()).add(&attributes.to_le_bytes());
        record.add(&(self.mode as u16).to_le_bytes()).add(&[0; 2]).add(&self.size.to_le_bytes());
        record.add(&self.raw.to_le_bytes()).add(&self.number.to_le_bytes());
        record.add(&owner.uid.to_le_bytes()).add(&owner.gid.to_le_bytes());
        record.add(&self.mtime.0.to_le_bytes()).add(&self.mtime.1.to_le_bytes());
        record.add(&self.links.to_le_bytes());
        record.0
    }
}

/// The superblock.
pub(super) fn superblock(root: u16, inodes: u64, blocks: u32) -> [u8; SUPERBLOCK_LEN] {
    let mut record = Record::<SUPERBLOCK_LEN>::default();
    record.add(&MAGIC.to_le_bytes()).add(&[0; 8]).add(&[BLOCK_BITS, 0]).add(&root.to_le_bytes());
    record.add(&inodes.to_le_bytes()).add(&[0; 12]).add(&blocks.to_le_bytes());
    // Inodes and attributes are counted from the beginning of the image; it has no name and no UUID.
    record.add(&[0; 8 + 16 + 16]).add(&HAS_CHUNKED_FILES.to_le_bytes());
    record.0
}

/// The length in bytes of the image that this superblock describes; `None` when it is not a superblock.
pub(super) fn length(record: &[u8; SUPERBLOCK_LEN]) -> Option<u64> {
    const BLOCKS: usize = 36;
    let word = |at: usize| record.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    (word(0)? == MAGIC).then_some(u64::from(word(BLOCKS)?) * BLOCK)
}

/// Bytes of the extended attributes of a file whose blob is at `redirect`.
pub(super) fn attributes_len(redirect: &str) -> usize {
    XATTR_HEADER + attribute_len("overlay.metacopy", "") + attribute_len("overlay.redirect", redirect)
}

/// The extended attributes of such a file.
pub(super) fn attributes(redirect: &str) -> Vec<u8> {
    let mut bytes = vec![0; XATTR_HEADER];
    for (name, value) in [("overlay.metacopy", ""), ("overlay.redirect", redirect)] {
        let end = bytes.len() + attribute_len(name, value);
        bytes.extend([name.len() as u8, TRUSTED]);
        bytes.extend((value.len() as u16).to_le_bytes());
        bytes.extend(name.as_bytes());
        bytes.extend(value.as_bytes());
        bytes.resize(end, 0);
    }
    bytes
}

fn attribute_len(name: &str, value: &str) -> usize {
    (4 + name.len() + value.len()).next_multiple_of(4)
}

/// A record of a fixed length, filled from its beginning.
struct Record<const N: usize>([u8; N], usize);

impl<const N: usize> Default for Record<N> {
    fn default() -> Self {
        Self([0; N], 0)
    }
}

impl<const N: usize> Record<N> {
    fn add(&mut self, bytes: &[u8]) -> &mut Self {
        self.0[self.1..self.1 + bytes.len()].copy_from_slice(bytes);
        self.1 += bytes.len();
        self
    }
}
