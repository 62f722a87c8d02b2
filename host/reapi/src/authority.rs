//! Makes clients of unix sockets understood.
//!
//! gRPC's C core (recc, trexe, BuildStream, Python) names the socket's path as `:authority`, slashes written `%2F`.
//! That is no authority of a URI, so the HTTP library refuses the request. Nothing here looks at the authority, so
//! its `%` become `-` as the bytes come in: lengths stay, so HPACK's tables on both sides stay in step. The walk
//! follows RFC 9113 (frames) and RFC 7541 (header blocks) and needs no tables.

/// Where in a client's bytes we are.
#[derive(Debug)]
pub(crate) struct Mender {
    place: Place,
    block: Block,
    /// Bytes of the frame header seen, and of `PADDED` and `PRIORITY` fields.
    header: [u8; 9],
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// So many bytes that are of no interest, then a frame's header.
    Skip(usize),
    /// So many bytes of a frame's header are here.
    Header(usize),
    /// The next byte tells the length of the padding; so many bytes of payload in all.
    Padding(usize),
    /// So many bytes of priority, then so many of a header block, then so many of padding.
    Fragment { priority: usize, block: usize, padding: usize },
}

/// Where in a header block we are.
#[derive(Clone, Copy, Debug)]
enum Block {
    Field,
    /// A number goes on; then this.
    Number(Then),
    /// A text's length. Whether it is a name, and whether it is `:authority`, so far, or its value.
    Length {
        name: bool,
        authority: bool,
    },
    /// A text's length goes on.
    LongLength {
        name: bool,
        authority: bool,
        sum: usize,
        shift: u32,
    },
    /// So many bytes of a text.
    Text {
        left: usize,
        name: bool,
        authority: bool,
    },
}

#[derive(Clone, Copy, Debug)]
enum Then {
    Field,
    Value,
}

const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// Of `:authority` in HPACK's static table.
const AUTHORITY: u8 = 1;
const NAME: &[u8] = b":authority";

impl Mender {
    pub(crate) fn new() -> Self {
        Self { place: Place::Skip(PREFACE), block: Block::Field, header: [0; 9] }
    }

    /// Mends the next bytes of the connection.
    pub(crate) fn mend(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let count = self.step(bytes);
            bytes = &mut bytes[count..];
        }
    }

    /// Passes at least one byte.
    fn step(&mut self, bytes: &mut [u8]) -> usize {
        match self.place {
            Place::Skip(left) => {
                let count = left.min(bytes.len());
                self.place = if count == left { Place::Header(0) } else { Place::Skip(left - count) };
                count
            }
            Place::Header(seen) => {
                self.header[seen] = bytes[0];
                self.place = if seen == 8 { self.frame() } else { Place::Header(seen + 1) };
                1
            }
            Place::Padding(length) => {
                let padding = usize::from(bytes[0]);
                self.place = self.fragment(length.saturating_sub(1), padding);
                1
            }
            Place::Fragment { priority: 0, block: 0, padding } => {
                self.place = Place::Skip(padding);
                0
            }
            Place::Fragment { priority: 0, block, padding } => {
                let count = block.min(bytes.len());
                bytes[..count].iter_mut().for_each(|byte| self.pass(byte));
                self.place = Place::Fragment { priority: 0, block: block - count, padding };
                count
            }
            Place::Fragment { priority, block, padding } => {
                let count = priority.min(bytes.len());
                self.place = Place::Fragment { priority: priority - count, block, padding };
                count
            }
        }
    }

    /// What follows a frame's header.
    fn frame(&mut self) -> Place {
        let [a, b, c, kind, flags, ..] = self.header;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        match kind {
            HEADERS => {
                self.block = Block::Field;
                if flags & PADDED != 0 && length > 0 {
                    Place::Padding(length)
                } else {
                    self.fragment(length, 0)
                }
            }
            CONTINUATION => Place::Fragment { priority: 0, block: length, padding: 0 },
            _ => Place::Skip(length),
        }
    }

    fn fragment(&self, length: usize, padding: usize) -> Place {
        let padding = padding.min(length);
        let priority = if self.header[4] & PRIORITY != 0 { 5.min(length - padding) } else { 0 };
        Place::Fragment { priority, block: length - padding - priority, padding }
    }

    /// Passes one byte of a header block.
    fn pass(&mut self, byte: &mut u8) {
        self.block = match self.block {
            Block::Field => field(*byte),
            Block::Number(then) if *byte & 0x80 != 0 => Block::Number(then),
            Block::Number(Then::Field) => Block::Field,
            Block::Number(Then::Value) => Block::Length { name: false, authority: false },
            Block::Length { name, authority } => {
                // What is Huffman-coded is not from the C core, and not ours to change.
                let authority = (authority || name) && *byte & 0x80 == 0;
                match usize::from(*byte & 0x7f) {
                    0x7f => Block::LongLength { name, authority, sum: 0x7f, shift: 0 },
                    left => text(left, name, authority && (!name || left == NAME.len())),
                }
            }
            Block::LongLength { name, authority, sum, shift } => {
                let sum = sum.saturating_add(usize::from(*byte & 0x7f).checked_shl(shift).unwrap_or(0));
                match *byte & 0x80 {
                    0 => text(sum, name, authority && !name),
                    _ => Block::LongLength { name, authority, sum, shift: shift.saturating_add(7) },
                }
            }
            Block::Text { left, name, authority } => {
                let is_it = NAME.len().checked_sub(left).is_some_and(|at| NAME[at] == *byte);
                if authority && !name && *byte == b'%' {
                    *byte = b'-';
                }
                text(left - 1, name, authority && (!name || is_it))
            }
        };
    }
}

/// What follows the first byte of a field's representation.
fn field(byte: u8) -> Block {
    let (index, full) = match byte {
        0x80.. => return if byte & 0x7f == 0x7f { Block::Number(Then::Field) } else { Block::Field },
        0x40..0x80 => (byte & 0x3f, 0x3f),
        0x20..0x40 => return if byte & 0x1f == 0x1f { Block::Number(Then::Field) } else { Block::Field },
        0x00..0x20 => (byte & 0x0f, 0x0f),
    };
    match index {
        0 => Block::Length { name: true, authority: false },
        index if index == full => Block::Number(Then::Value),
        index => Block::Length { name: false, authority: index == AUTHORITY },
    }
}

fn text(left: usize, name: bool, authority: bool) -> Block {
    match (left, name) {
        (0, true) => Block::Length { name: false, authority },
        (0, false) => Block::Field,
        _ => Block::Text { left, name, authority },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).expect("short").to_be_bytes();
        [&[0, length[0], length[1], kind, flags, 0, 0, 0, 1][..], payload].concat()
    }

    /// Mends a connection with these frames, however the bytes are cut.
    fn check(before: &[Vec<u8>], after: &[Vec<u8>]) {
        let whole =
            |frames: &[Vec<u8>]| [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frames.concat()].concat();
        for size in [1, 2, 7, 1000] {
            let (mut bytes, mut mender) = (whole(before), Mender::new());
            bytes.chunks_mut(size).for_each(|part| mender.mend(part));
            assert_eq!(bytes, whole(after), "in pieces of {size}");
        }
    }

    #[test]
    fn only_the_authority_is_mended() {
        let block = |authority: &str| {
            let long = [b"x".repeat(100), b"%".repeat(100)].concat();
            [
                &[0x83, 0x3f, 0xe1, 0x1f, 0x44, 3][..],
                b"/%2",
                &[0x00, 1, b'%', 2, b'%', b'%'],
                &[0x7f, 0x05, 0x7f, 73],
                &long,
                &[0x41, authority.len() as u8],
                authority.as_bytes(),
                &[0x40, 10],
                b":authority",
                &[authority.len() as u8],
                authority.as_bytes(),
                &[0x40, 10],
                b":authoritz\x01%",
                &[0xbe, 0x01, 1, b'a'],
            ]
            .concat()
        };
        let (bad, good) = (block("%2Fa%2Fb"), block("-2Fa-2Fb"));
        let padded = |block: &[u8]| [&[3, 1, 2, 3, 4, 5][..], &block[..60], b"%%%"].concat();
        check(
            &[frame(0, 0, b"\x41\x01%"), frame(HEADERS, 4, &bad), frame(HEADERS, 4, &bad)],
            &[frame(0, 0, b"\x41\x01%"), frame(HEADERS, 4, &good), frame(HEADERS, 4, &good)],
        );
        check(
            &[frame(HEADERS, PADDED | PRIORITY, &padded(&bad)), frame(CONTINUATION, 4, &bad[60..])],
            &[frame(HEADERS, PADDED | PRIORITY, &padded(&good)), frame(CONTINUATION, 4, &good[60..])],
        );
    }
}
