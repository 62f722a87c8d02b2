use proptest::prelude::*;
use spec_model::UserError;

use super::*;
use crate::RecordingWriter;
use crate::message::{ElementEnded, End};

fn entry(time_us: u64, event: Event) -> Entry {
    Entry { time_us, event: Some(event) }
}

fn header(format: u32) -> Event {
    Event::Header(Header { format, project: "hello".to_owned(), ..Header::default() })
}

fn written(entries: &[Entry]) -> Vec<u8> {
    let mut writer = RecordingWriter::new(Vec::new()).expect("memory");
    entries.iter().for_each(|entry| writer.write(entry).expect("memory"));
    writer.finish().expect("memory")
}

fn recording(elements: u32) -> Vec<Entry> {
    let ended = |element| entry(u64::from(element), Event::ElementEnded(ElementEnded { element }));
    let mut entries = vec![entry(0, header(FORMAT))];
    entries.extend((0..elements).map(ended));
    entries.push(entry(9, Event::End(End { dropped: 0 })));
    entries
}

/// All entries after the header, or the error after how many.
fn read(bytes: &[u8]) -> std::result::Result<Vec<Entry>, RecordingError> {
    let mut reader = RecordingReader::new("test".to_owned(), bytes)?;
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        entries.push(entry);
    }
    Ok(entries)
}

fn refused(bytes: &[u8]) -> String {
    let error = read(bytes).expect_err("it is no good recording");
    assert!(error.hint().is_some(), "{error}");
    format!("{}: {error}", error.reason())
}

#[test]
fn what_was_written_is_read() {
    let entries = recording(100);
    assert_eq!(read(&written(&entries)).expect("it is good"), entries[1..]);
}

#[test]
fn a_file_that_is_something_else_is_told_from_one_that_is_damaged() {
    assert_eq!(refused(b""), "recording-cut-off: the recording test was cut off after 0 entries");
    assert!(refused(b"kind: manual\n").starts_with("not-a-recording"), "{}", refused(b"kind: manual\n"));
    let other = written(&[entry(0, header(7))]);
    assert_eq!(refused(&other), "recording-unknown-format: test has format 7; this version reads format 1");
    let headless = written(&recording(1)[1..]);
    assert_eq!(refused(&headless), "not-a-recording: test is not a recording: its first entry is no header");
}

#[test]
fn a_recording_without_its_end_was_cut_off() {
    let mut entries = recording(3);
    entries.pop();
    let cut = "recording-cut-off: the recording test was cut off after 4 entries";
    assert_eq!(refused(&written(&entries)), cut);
    let whole = written(&recording(3));
    for length in 10..whole.len() - 1 {
        let error = read(&whole[..length]).expect_err("a part is missing");
        assert!(["recording-cut-off", "not-a-recording"].contains(&error.reason()), "{length}: {error}");
    }
}

#[test]
fn an_entry_that_is_too_large_is_refused_before_it_is_read() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
    let mut bytes = Vec::new();
    entry(0, header(FORMAT)).encode_length_delimited(&mut bytes).expect("memory");
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    io::Write::write_all(&mut encoder, &bytes).expect("memory");
    let error = refused(&encoder.finish().expect("memory"));
    assert_eq!(
        error,
        "recording-damaged: the recording test is damaged after 1 entries: an entry of 4294967295 bytes"
    );
}

#[test]
fn events_of_later_versions_are_skipped() {
    let mut entries = recording(1);
    entries.insert(1, Entry { time_us: 1, event: None });
    assert_eq!(read(&written(&entries)).expect("it is good"), recording(1)[1..]);
}

proptest! {
    #[test]
    fn a_changed_byte_is_an_error_or_other_entries(place in 0usize..200, value in 0u8..) {
        let mut bytes = written(&recording(50));
        let length = bytes.len();
        bytes[place % length] = value;
        let _ = read(&bytes);
    }
}
