use proptest::prelude::*;

use super::*;

#[test]
fn lines_are_read_however_they_arrive() {
    let mut message = Vec::new();
    write_line(&mut message, "version 2\n");
    message.extend_from_slice(b"0001");
    write_line(&mut message, "");
    message.extend_from_slice(b"0000");
    for size in 1..message.len() {
        let mut reader = PktLineReader::default();
        let mut lines = Vec::new();
        for piece in message.chunks(size) {
            reader.push(piece);
            while let Some(line) = reader.next().expect("the lines are right") {
                lines.push(line);
            }
        }
        let data = |text: &str| PktLine::Data(text.as_bytes().to_vec());
        assert_eq!(lines, [data("version 2\n"), PktLine::Delimiter, data(""), PktLine::Flush], "{size}");
        assert!(reader.is_empty());
    }
}

#[test]
fn wrong_lengths_are_refused() {
    for bytes in ["<htm", "0003", "fff5", "-004"] {
        let mut reader = PktLineReader::default();
        reader.push(bytes.as_bytes());
        assert_eq!(reader.next().expect_err("it is wrong").reason(), "git-refused", "{bytes}");
    }
}

/// All lines of bytes that arrive in pieces, and whether the last one is wrong.
fn lines(pieces: &[&[u8]]) -> (Vec<PktLine>, bool) {
    let (mut reader, mut lines) = (PktLineReader::default(), Vec::new());
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => break,
                Err(_) => return (lines, true),
            }
        }
    }
    (lines, false)
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        bytes in "(0000|0001|0004|000[5-8][\\PC]{1,4}|[0-9a-f]{4}|\\PC){0,20}",
        at in any::<proptest::sample::Index>(),
    ) {
        let bytes = bytes.as_bytes();
        let (first, second) = bytes.split_at(at.index(bytes.len() + 1));
        prop_assert_eq!(lines(&[first, second]), lines(&[bytes]));
    }
}
