//! Files with holes as GNU tar writes them into pax headers, in its formats 0.0, 0.1 and 1.0.
//!
//! Holes are filled with zeros. The older format with an entry type of its own is read by the tar crate.

use std::collections::VecDeque;
use std::io::{self, Read};

use tar::Entry;

/// The largest number of stretches of data in a file.
const MAX_STRETCHES: usize = 1 << 20;

/// The description of a file with holes in pax headers.
#[derive(Debug, Default)]
pub(crate) struct SparseFile {
    /// The file's name, when the entry has a generated one.
    pub(crate) name: Option<String>,
    /// The file's size in bytes, holes included.
    pub(crate) size: u64,
    /// Offset and length of each stretch of data, in bytes; none yet in format 1.0, where the entry begins with them.
    stretches: Option<Vec<u64>>,
}

/// The description of this entry, if it has holes.
pub(crate) fn header(entry: &mut Entry<'_, impl Read>) -> io::Result<Option<SparseFile>> {
    let Some(extensions) = entry.pax_extensions()? else {
        return Ok(None);
    };
    let mut sparse = SparseFile::default();
    let mut sized = false;
    for extension in extensions {
        let extension = extension?;
        let (Ok(key), Ok(value)) = (extension.key(), extension.value()) else {
            continue;
        };
        match key {
            "GNU.sparse.name" => sparse.name = Some(value.to_owned()),
            "GNU.sparse.size" | "GNU.sparse.realsize" => {
                sparse.size = number(value)?;
                sized = true;
            }
            "GNU.sparse.offset" | "GNU.sparse.numbytes" => {
                sparse.stretches.get_or_insert_default().push(number(value)?);
            }
            "GNU.sparse.map" => {
                sparse.stretches = Some(value.split(',').map(number).collect::<io::Result<_>>()?);
            }
            _ => {}
        }
    }
    Ok(sized.then_some(sparse))
}

impl SparseFile {
    /// The whole file, read from the entry's data.
    pub(crate) fn expand<R: Read>(self, mut data: R) -> io::Result<impl Read> {
        let stretches = match self.stretches {
            Some(stretches) => stretches,
            None => read_map(&mut data)?,
        };
        let mut runs = VecDeque::new();
        let mut at = 0;
        for pair in stretches.chunks(2) {
            let [offset, length] = *pair else {
                return Err(bad_map());
            };
            runs.push_back((Segment::Hole, offset.checked_sub(at).ok_or_else(bad_map)?));
            runs.push_back((Segment::Data, length));
            at = offset.checked_add(length).ok_or_else(bad_map)?;
        }
        runs.push_back((Segment::Hole, self.size.checked_sub(at).ok_or_else(bad_map)?));
        Ok(SparseReader { data, runs })
    }
}

/// Decimal numbers on lines of their own, their count first, padded to whole blocks of 512 bytes.
fn read_map(data: &mut impl Read) -> io::Result<Vec<u64>> {
    let mut block = [0; 512];
    let mut numbers = Vec::new();
    let mut line = String::new();
    loop {
        data.read_exact(&mut block)?;
        for byte in block {
            if byte != b'\n' {
                line.push(char::from(byte));
                continue;
            }
            numbers.push(number(&line)?);
            line.clear();
            let count = usize::try_from(numbers[0]).ok().filter(|count| *count <= MAX_STRETCHES);
            if numbers.len() == 1 + 2 * count.ok_or_else(bad_map)? {
                numbers.remove(0);
                return Ok(numbers);
            }
        }
        if line.len() > 20 {
            return Err(bad_map());
        }
    }
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|_| bad_map())
}

fn bad_map() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the map of a file with holes is wrong")
}

enum Segment {
    Hole,
    Data,
}

struct SparseReader<R> {
    data: R,
    runs: VecDeque<(Segment, u64)>,
}

impl<R: Read> Read for SparseReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.runs.front().is_some_and(|(_, left)| *left == 0) {
            self.runs.pop_front();
        }
        let Some((run, left)) = self.runs.front_mut() else {
            return Ok(0);
        };
        let count = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        let count = match run {
            Segment::Hole => {
                buffer[..count].fill(0);
                count
            }
            Segment::Data => self.data.read(&mut buffer[..count])?,
        };
        *left -= count as u64;
        Ok(count)
    }
}
