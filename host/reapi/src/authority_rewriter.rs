//! Rewrites the `:authority` header of clients of unix sockets.
//!
//! gRPC's C core (recc, trexe, BuildStream, Python) names the socket's path as `:authority`, slashes written `%2F`.
//! That is not the authority of a URI, so the HTTP library rejects the request. No service reads the authority, so its
//! `%` are replaced by `-` in the received bytes: lengths do not change, so HPACK's dynamic tables of both sides stay equal.
//! The parser follows RFC 9113 (frames) and RFC 7541 (header blocks) and needs no tables.

/// Rewrites the bytes of one connection, in pieces as they are received.
#[derive(Debug)]
pub(crate) struct AuthorityRewriter {
    position: FramePosition,
    block: HeaderBlockState,
    /// The bytes of the frame header that were received.
    header: [u8; 9],
}

/// What the next bytes of the connection are.
#[derive(Clone, Copy, Debug)]
enum FramePosition {
    /// This many bytes to skip, then a frame's header.
    Skip(usize),
    /// A frame's header, of which this many bytes were received.
    Header(usize),
    /// The byte with the length of the padding, in a payload of this many bytes.
    Padding(usize),
    /// Bytes of priority, then of a header block, then of padding.
    Fragment { priority: usize, block: usize, padding: usize },
}

/// What the next byte of a header block is.
#[derive(Clone, Copy, Debug)]
enum HeaderBlockState {
    Field,
    /// A continued integer; what follows it.
    Integer(AfterInteger),
    /// The length of a string: whether it is a name, and whether it is the name `:authority` as far as it was received, or
    /// the value of that header.
    Length {
        name: bool,
        authority: bool,
    },
    /// The continued length of a string.
    LongLength {
        name: bool,
        authority: bool,
        sum: usize,
        shift: u32,
    },
    /// A string, of which this many bytes are left.
    String {
        left: usize,
        name: bool,
        authority: bool,
    },
}

/// What follows a continued integer.
#[derive(Clone, Copy, Debug)]
enum AfterInteger {
    Field,
    Value,
}

const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// The index of `:authority` in HPACK's static table.
const AUTHORITY: u8 = 1;
const NAME: &[u8] = b":authority";

impl AuthorityRewriter {
    /// The rewriter of a new connection.
    pub(crate) fn new() -> Self {
        Self { position: FramePosition::Skip(PREFACE), block: HeaderBlockState::Field, header: [0; 9] }
    }

    /// Rewrites the next bytes of the connection.
    pub(crate) fn rewrite(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let count = self.step(bytes);
            bytes = &mut bytes[count..];
        }
    }

    /// Processes some bytes and returns how many; at most one that processes none precedes one that processes some.
    fn step(&mut self, bytes: &mut [u8]) -> usize {
        match self.position {
            FramePosition::Skip(left) => {
                let count = left.min(bytes.len());
                self.position =
                    if count == left { FramePosition::Header(0) } else { FramePosition::Skip(left - count) };
                count
            }
            FramePosition::Header(seen) => {
                self.header[seen] = bytes[0];
                self.position =
                    if seen == 8 { self.after_frame_header() } else { FramePosition::Header(seen + 1) };
                1
            }
            FramePosition::Padding(length) => {
                let padding = usize::from(bytes[0]);
                self.position = self.fragment(length.saturating_sub(1), padding);
                1
            }
            FramePosition::Fragment { priority: 0, block: 0, padding } => {
                self.position = FramePosition::Skip(padding);
                0
            }
            FramePosition::Fragment { priority: 0, block, padding } => {
                let count = block.min(bytes.len());
                bytes[..count].iter_mut().for_each(|byte| self.header_byte(byte));
                self.position = FramePosition::Fragment { priority: 0, block: block - count, padding };
                count
            }
            FramePosition::Fragment { priority, block, padding } => {
                let count = priority.min(bytes.len());
                self.position = FramePosition::Fragment { priority: priority - count, block, padding };
                count
            }
        }
    }

    /// What follows the frame header that was received.
    fn after_frame_header(&mut self) -> FramePosition {
        let [a, b, c, kind, flags, ..] = self.header;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        match kind {
            HEADERS => {
                self.block = HeaderBlockState::Field;
                if flags & PADDED != 0 && length > 0 {
                    FramePosition::Padding(length)
                } else {
                    self.fragment(length, 0)
                }
            }
            CONTINUATION => FramePosition::Fragment { priority: 0, block: length, padding: 0 },
            _ => FramePosition::Skip(length),
        }
    }

    fn fragment(&self, length: usize, padding: usize) -> FramePosition {
        let padding = padding.min(length);
        let priority = if self.header[4] & PRIORITY != 0 { 5.min(length - padding) } else { 0 };
        FramePosition::Fragment { priority, block: length - padding - priority, padding }
    }

    /// Processes one byte of a header block.
    fn header_byte(&mut self, byte: &mut u8) {
        self.block = match self.block {
            HeaderBlockState::Field => after_first_byte(*byte),
            HeaderBlockState::Integer(then) if *byte & 0x80 != 0 => HeaderBlockState::Integer(then),
            HeaderBlockState::Integer(AfterInteger::Field) => HeaderBlockState::Field,
            HeaderBlockState::Integer(AfterInteger::Value) => {
                HeaderBlockState::Length { name: false, authority: false }
            }
            HeaderBlockState::Length { name, authority } => {
                // The C core does not Huffman-code its authority.
                let authority = (authority || name) && *byte & 0x80 == 0;
                match usize::from(*byte & 0x7f) {
                    0x7f => HeaderBlockState::LongLength { name, authority, sum: 0x7f, shift: 0 },
                    left => string(left, name, authority && (!name || left == NAME.len())),
                }
            }
            HeaderBlockState::LongLength { name, authority, sum, shift } => {
                let sum = sum.saturating_add(usize::from(*byte & 0x7f).checked_shl(shift).unwrap_or(0));
                match *byte & 0x80 {
                    0 => string(sum, name, authority && !name),
                    _ => {
                        HeaderBlockState::LongLength { name, authority, sum, shift: shift.saturating_add(7) }
                    }
                }
            }
            HeaderBlockState::String { left, name, authority } => {
                let is_it = NAME.len().checked_sub(left).is_some_and(|at| NAME[at] == *byte);
                if authority && !name && *byte == b'%' {
                    *byte = b'-';
                }
                string(left - 1, name, authority && (!name || is_it))
            }
        };
    }
}

/// What follows the first byte of a field's representation.
fn after_first_byte(byte: u8) -> HeaderBlockState {
    let (index, full) = match byte {
        0x80.. => {
            return if byte & 0x7f == 0x7f {
                HeaderBlockState::Integer(AfterInteger::Field)
            } else {
                HeaderBlockState::Field
            };
        }
        0x40..0x80 => (byte & 0x3f, 0x3f),
        0x20..0x40 => {
            return if byte & 0x1f == 0x1f {
                HeaderBlockState::Integer(AfterInteger::Field)
            } else {
                HeaderBlockState::Field
            };
        }
        0x00..0x20 => (byte & 0x0f, 0x0f),
    };
    match index {
        0 => HeaderBlockState::Length { name: true, authority: false },
        index if index == full => HeaderBlockState::Integer(AfterInteger::Value),
        index => HeaderBlockState::Length { name: false, authority: index == AUTHORITY },
    }
}

fn string(left: usize, name: bool, authority: bool) -> HeaderBlockState {
    match (left, name) {
        (0, true) => HeaderBlockState::Length { name: false, authority },
        (0, false) => HeaderBlockState::Field,
        _ => HeaderBlockState::String { left, name, authority },
    }
}

#[cfg(test)]
mod tests;
