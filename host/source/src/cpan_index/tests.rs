use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("it is written to memory");
    encoder.finish().expect("it is written to memory")
}

fn find(module: &str, text: &str) -> Result<String, &'static str> {
    file_of(module, &packed(text.as_bytes())).map_err(|error| error.reason())
}

#[test]
fn modules_are_found_by_their_whole_name() {
    let list = "File: x\nA: 0 y\n\nA  1.0  A/AA/A-1.tar.gz\r\nA::B  undef  A/AA/AB.zip\n";
    assert_eq!(find("A", list).as_deref(), Ok("A/AA/A-1.tar.gz"));
    assert_eq!(find("A::B", list).as_deref(), Ok("A/AA/AB.zip"));
    assert_eq!(find("File:", list), Err("index-no-entry"));
    assert_eq!(find("A", ""), Err("index-answer"));
    assert_eq!(find("A", "A 1 x\n"), Err("index-answer"), "a list has a head");
    assert_eq!(find("B", "h\n\nA 1\nB 1 x\n"), Err("index-answer"));
    assert_eq!(find("B", &format!("h\n\n{}", "a".repeat(100_000))), Err("index-answer"));
    assert_eq!(file_of("A", b"<html>").map_err(|error| error.reason()), Err("index-answer"));
    let mut cut = packed(list.as_bytes());
    cut.truncate(cut.len() - 20);
    assert_eq!(file_of("Z", &cut).map_err(|error| error.reason()), Err("index-answer"));
}

proptest! {
    #[test]
    fn any_answer_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "[A: \\r\\n]{0,60}") {
        let _ = file_of("A", &bytes);
        let _ = file_of("A", &packed(&bytes));
        let _ = find("A", &text);
    }
}
