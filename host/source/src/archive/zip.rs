//! Imports zip archives as BuildStream's plugin stages them: no file is executable, and symbolic links are files.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use bzip2::read::BzDecoder;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use spec_cas::{Cas, TreeBuilder};
use spec_model::Digest;

use super::base_dir::{ArchivePart, select};
use super::limits::LimitCounter;
use super::member::{LONGEST, Member, MemberKind};
use super::store_contents::{ContentStorer, store_contents};
use super::zip_directory::{ZipEntry, read_directory};
use super::{ArchiveError, ArchiveLimits, ImportError, damaged};

/// Bytes of the header before the bytes of an entry, without its name and extra fields.
const LOCAL_HEADER: usize = 30;

/// Stores a part of an archive and answers with the root of its tree.
pub(crate) fn import_zip(
    mut file: File,
    cas: &Cas,
    part: ArchivePart<'_>,
    limits: ArchiveLimits,
) -> Result<Digest, ImportError> {
    let size = file.metadata().map_err(damaged)?.len();
    let entries = read_directory(&mut file, size, limits)?;
    let (members, contents) = store_contents(cas, |storer| {
        let mut counter = LimitCounter::new(limits);
        let one = |entry: &ZipEntry| {
            counter.entry(entry.size, size)?;
            member(&mut file, entry, storer)
        };
        entries.iter().map(one).collect::<Result<Vec<Member>, ArchiveError>>()
    })?;
    let mut builder = TreeBuilder::new();
    for selected in select(members?, part, limits.entries)? {
        let path = clean_path(&selected.member.name);
        if !selected.staged || path.is_empty() {
            continue;
        }
        match selected.member.kind {
            MemberKind::File(content) => builder.add_file(&path, contents[content.0], false)?,
            _ => builder.add_directory(&path)?,
        }
    }
    Ok(builder.store(cas)?)
}

fn member(file: &mut File, entry: &ZipEntry, storer: &mut ContentStorer) -> Result<Member, ArchiveError> {
    let name = entry.name.clone();
    if name.len() > LONGEST || name.contains('\0') {
        return Err(ArchiveError::Name { entry: name.chars().take(LONGEST).collect() });
    }
    let kind = match name.ends_with('/') {
        true => MemberKind::Directory,
        false => {
            let mut contents = CheckedContents { inner: open(file, entry)?, crc: Crc::new() };
            let stored = storer.put(entry.size, &mut contents).map_err(damaged)?;
            let more = contents.read(&mut [0]).map_err(damaged)?;
            if more > 0 || contents.crc.sum() != entry.crc {
                let error = io::Error::other(format!("'{name}' does not have its checksum"));
                return Err(ArchiveError::Damaged { error });
            }
            MemberKind::File(stored)
        }
    };
    Ok(Member { name, kind, executable: false })
}

/// The contents of an entry, unpacked.
fn open<'f>(file: &'f mut File, entry: &ZipEntry) -> Result<Box<dyn Read + 'f>, ArchiveError> {
    let mut header = [0; LOCAL_HEADER];
    file.seek(SeekFrom::Start(entry.offset)).map_err(damaged)?;
    file.read_exact(&mut header).map_err(damaged)?;
    if header[..4] != *b"PK\x03\x04" {
        return Err(ArchiveError::NoZip);
    }
    let length = |at: usize| i64::from(u16::from_le_bytes([header[at], header[at + 1]]));
    file.seek(SeekFrom::Current(length(26) + length(28))).map_err(damaged)?;
    let packed = BufReader::new(file).take(entry.packed);
    match entry.method {
        _ if entry.encrypted => {
            let error = io::Error::other(format!("'{}' is encrypted", entry.name));
            Err(ArchiveError::Damaged { error })
        }
        0 => Ok(Box::new(packed)),
        8 => Ok(Box::new(DeflateDecoder::new(packed))),
        12 => Ok(Box::new(BzDecoder::new(packed))),
        method => {
            let error = io::Error::other(format!("'{}' is compressed with the method {method}", entry.name));
            Err(ArchiveError::Damaged { error })
        }
    }
}

/// Contents whose checksum is computed while they are read.
struct CheckedContents<R> {
    inner: R,
    crc: Crc,
}

impl<R: Read> Read for CheckedContents<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(&buffer[..count]);
        Ok(count)
    }
}

/// The path of a name as Python's `zipfile` makes it: nothing leads upwards or to the root.
fn clean_path(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    parts.join("/")
}
