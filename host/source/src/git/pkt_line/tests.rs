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
