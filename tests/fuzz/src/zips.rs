//! Zip archives: every input gives a complete tree or an error, within limits of time and memory.

use std::io::{Seek, Write};

use spec_source::ArchiveLimits;
use spec_source::fuzzing::import_zip;

use crate::scratch;

/// Small limits, so that inputs exceed them.
const LIMITS: ArchiveLimits =
    ArchiveLimits { entries: 2000, unpacked: 8 << 20, ratio: 100, ratio_floor: 1 << 20 };

/// The first byte chooses the directory that is staged.
pub fn run(data: &[u8]) {
    let Some((kind, archive)) = data.split_first() else { return };
    let base_dir = ["", "*", "a", "**b"][usize::from(*kind) % 4];
    let mut file = tempfile::tempfile().expect("a temporary file can be made");
    file.write_all(archive).and_then(|()| file.rewind()).expect("it can be written");
    let cas = scratch::store();
    match import_zip(file, &cas, base_dir, LIMITS) {
        Err(error) => assert!(!error.reason().is_empty() && !error.to_string().is_empty()),
        Ok(root) => crate::archive::check_tree(&cas, root.as_slice(), LIMITS.entries),
    }
}

/// Archives with stored and compressed entries.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let entries = [("top/", &b""[..]), ("top/a", b"contents"), ("top/b/c", b"more of it")];
    let whole = zip(&entries, false);
    let mut seeds: Vec<Vec<u8>> = (0..4).map(|kind| [&[kind], &whole[..]].concat()).collect();
    seeds.push([&[0], &zip(&entries, true)[..]].concat());
    seeds.push([&[0], &zip(&[], false)[..]].concat());
    seeds
}

/// A zip archive with these entries.
fn zip(entries: &[(&str, &[u8])], compressed: bool) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let packed = if compressed { deflated(data) } else { data.to_vec() };
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let mut head = vec![20, 0, 0, 0, if compressed { 8 } else { 0 }, 0, 0, 0, 33, 0];
        for number in [crc.sum(), packed.len() as u32, data.len() as u32] {
            head.extend(number.to_le_bytes());
        }
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        directory.extend([&b"PK\x01\x02\x14\x00"[..], &head, &[0; 10]].concat());
        directory.extend((archive.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        archive.extend([b"PK\x03\x04", &head[..], name.as_bytes(), &packed].concat());
    }
    let (start, length, count) = (archive.len() as u32, directory.len() as u32, entries.len() as u16);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    archive.extend([length.to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0, 0]);
    archive
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).and_then(|()| encoder.finish()).expect("it is written to memory")
}
