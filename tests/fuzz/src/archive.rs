//! Archives: every input gives a complete tree or an error, within limits of time and memory.

use std::io::Write;

use arbitrary::{Arbitrary, Unstructured};
use spec_cas::{Cas, Walk};
use spec_model::Digest;
use spec_source::ArchiveLimits;
use spec_source::fuzzing::import;
use tar::{Builder, EntryType, Header};

use crate::scratch;

/// Small limits, so that inputs exceed them.
const LIMITS: ArchiveLimits =
    ArchiveLimits { entries: 2000, unpacked: 8 << 20, ratio: 100, ratio_floor: 1 << 20 };

/// The first byte says what the rest is: an archive, a tar to be compressed, or the description of entries.
pub fn run(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let base_dir = ["", "*", "a", "**b", "./a/*"][usize::from(kind >> 4) % 5];
    let archive = match kind % 16 {
        0..6 => rest.to_vec(),
        6..10 => compress(rest, kind % 16 - 6),
        _ => entries(rest).unwrap_or_default(),
    };
    let cas = scratch::store();
    match import(archive, &cas, base_dir, LIMITS) {
        Err(error) => assert!(!error.reason().is_empty() && !error.to_string().is_empty()),
        Ok(root) => check_tree(&cas, root.as_slice(), LIMITS.entries),
    }
}

/// Checks that trees are complete in the store, of safe names, and within limits.
pub(crate) fn check_tree(cas: &Cas, roots: &[Digest], most: u64) {
    for root in roots {
        assert!(cas.is_complete(root).expect("the store works"), "a file or directory is not in the store");
        let mut count = 0;
        let walked = cas.walk(root, |path, _| {
            count += 1;
            assert!(!path.split('/').any(|part| matches!(part, "" | "." | "..")), "{path:?}");
            Ok(Walk::Enter)
        });
        walked.expect("it can be walked");
        assert!(count <= 2 * most, "{count} files and directories");
    }
}

fn compress(tar: &[u8], how: u8) -> Vec<u8> {
    let written = match how {
        0 => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(tar).and_then(|()| encoder.finish())
        }
        1 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(tar).and_then(|()| encoder.finish())
        }
        2 => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            encoder.write_all(tar).and_then(|()| encoder.finish())
        }
        _ => zstd::encode_all(tar, 1),
    };
    written.expect("it is written to memory")
}

/// One entry.
#[derive(Arbitrary, Debug)]
struct Entry {
    kind: u8,
    name: Path,
    target: Path,
    mode: u16,
    data: Vec<u8>,
    /// The size in its header, if that differs from the size of the data.
    lie: Option<u16>,
    extension: Option<Extension>,
}

/// A path of few names, so that entries collide.
#[derive(Arbitrary, Debug)]
struct Path {
    names: Vec<u8>,
    absolute: bool,
    is_folder: bool,
}

impl Path {
    fn text(&self) -> String {
        const NAMES: [&str; 10] = ["a", "b", "c", "d", "..", ".", "", "é", "a b", "l"];
        let mut parts: Vec<&str> = self.names.iter().map(|at| NAMES[usize::from(*at) % 10]).collect();
        parts.truncate(12);
        let [before, behind] = [self.absolute, self.is_folder].map(|slash| if slash { "/" } else { "" });
        format!("{before}{}{behind}", parts.join("/"))
    }
}

/// A pax header before an entry.
#[derive(Arbitrary, Debug)]
enum Extension {
    Path(Path),
    Link(Path),
    Size(u32),
    SparseMap { size: u32, map: Vec<u16> },
    SparseOffsets { size: u32, map: Vec<u16> },
    SparseInData { size: u32, name: Path },
    Text(String, String),
}

impl Extension {
    fn records(&self) -> Vec<(String, String)> {
        let record = |key: &str, value: &dyn ToString| (key.to_owned(), value.to_string());
        let numbers = |map: &[u16]| map.iter().map(u16::to_string).collect::<Vec<_>>();
        match self {
            Self::Path(path) => vec![record("path", &path.text())],
            Self::Link(path) => vec![record("linkpath", &path.text())],
            Self::Size(size) => vec![record("size", size)],
            Self::SparseMap { size, map } => {
                vec![record("GNU.sparse.size", size), record("GNU.sparse.map", &numbers(map).join(","))]
            }
            Self::SparseOffsets { size, map } => {
                let keys = ["GNU.sparse.offset", "GNU.sparse.numbytes"].into_iter().cycle();
                let stretches = keys.zip(map).map(|(key, number)| record(key, number));
                std::iter::once(record("GNU.sparse.size", size)).chain(stretches).collect()
            }
            Self::SparseInData { size, name } => vec![
                record("GNU.sparse.major", &1),
                record("GNU.sparse.minor", &0),
                record("GNU.sparse.name", &name.text()),
                record("GNU.sparse.realsize", size),
            ],
            Self::Text(key, value) => vec![record(key, value)],
        }
    }
}

/// A tar with the entries that bytes describe.
pub(crate) fn entries(data: &[u8]) -> Option<Vec<u8>> {
    let mut input = Unstructured::new(data);
    let mut tar = Builder::new(Vec::new());
    let mut count = 0;
    while !input.is_empty() && count < 200 {
        append(&mut tar, &Entry::arbitrary(&mut input).ok()?).ok()?;
        count += 1;
    }
    tar.into_inner().ok()
}

fn append(tar: &mut Builder<Vec<u8>>, entry: &Entry) -> std::io::Result<()> {
    if let Some(extension) = &entry.extension {
        let records = extension.records();
        tar.append_pax_extensions(records.iter().map(|(key, value)| (key.as_str(), value.as_bytes())))?;
    }
    const KINDS: [u8; 12] = *b"0125\x00lLKgx3S";
    let kind = KINDS.get(usize::from(entry.kind)).copied().unwrap_or(entry.kind);
    let mut header = if kind == b'S' { Header::new_gnu() } else { Header::new_ustar() };
    put(&mut header.as_old_mut().name, &entry.name.text());
    put(&mut header.as_old_mut().linkname, &entry.target.text());
    header.set_entry_type(EntryType::new(kind));
    header.set_mode(entry.mode.into());
    header.set_size(entry.lie.map_or(entry.data.len() as u64, u64::from));
    header.set_cksum();
    tar.append(&header, &*entry.data)
}

fn put(field: &mut [u8], text: &str) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text.as_bytes()[..length]);
}

/// A tar with all kinds of entries, as it is, compressed in each way, and to be compressed.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for (kind, name, target, data) in [
        (b'5', "top/", "", &b""[..]),
        (b'0', "top/a", "", b"contents"),
        (b'1', "top/b", "top/a", b""),
        (b'2', "top/c", "../top/a", b""),
        (b'2', "top/l", ".", b""),
        (b'0', "top/l/d", "", b"through a link"),
        (b'3', "top/null", "", b""),
    ] {
        append_plain(&mut tar, kind, name, target, data);
    }
    let map = [("GNU.sparse.size", &b"1000"[..]), ("GNU.sparse.map", b"0,4,900,4")];
    tar.append_pax_extensions(map).expect("it is written to memory");
    append_plain(&mut tar, b'0', "top/sparse", "", b"begtheen");
    let tar = tar.into_inner().expect("it is written to memory");
    let with = |kind: u8, bytes: Vec<u8>| [vec![kind], bytes].concat();
    let compressed = (0..4).map(|how| with(0x10, compress(&tar, how)));
    let to_compress = (6..10).map(|kind| with(0x10 + kind, tar.clone()));
    let small = with(0, tar[..512 * 4].to_vec());
    compressed.chain(to_compress).chain([with(0x10, tar.clone()), small]).chain(lzma_seeds(&tar)).collect()
}

/// The older formats of the xz family, of which this machine can write one.
fn lzma_seeds(tar: &[u8]) -> Vec<Vec<u8>> {
    let options = liblzma::stream::LzmaOptions::new_preset(0).expect("a preset");
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).expect("a preset");
    let mut encoder = liblzma::write::XzEncoder::new_stream(vec![0], stream);
    encoder.write_all(tar).expect("it is written to memory");
    vec![encoder.finish().expect("it is written to memory"), b"\0LZIP\x01\x0c".to_vec()]
}

fn append_plain(tar: &mut Builder<Vec<u8>>, kind: u8, name: &str, target: &str, data: &[u8]) {
    let mut header = Header::new_ustar();
    put(&mut header.as_old_mut().name, name);
    put(&mut header.as_old_mut().linkname, target);
    header.set_entry_type(EntryType::new(kind));
    header.set_mode(0o755);
    header.set_size(data.len() as u64);
    header.set_cksum();
    tar.append(&header, data).expect("it is written to memory");
}
