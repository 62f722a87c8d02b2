use std::io::Cursor;

use proptest::prelude::*;

use super::*;

/// As Python's zipfile makes it: one stored file `a/b` with the text `x`.
fn archive() -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend_from_slice(&[0; 26]);
    bytes[26] = 3;
    bytes.extend_from_slice(b"a/bx");
    let offset = bytes.len() as u8;
    let mut entry = b"PK\x01\x02".to_vec();
    entry.extend_from_slice(&[0; 42]);
    (entry[20], entry[24], entry[28]) = (1, 1, 3);
    entry.extend_from_slice(b"a/b");
    bytes.extend_from_slice(&entry);
    let mut end = b"PK\x05\x06".to_vec();
    end.extend_from_slice(&[0; 18]);
    (end[10], end[12], end[16]) = (1, entry.len() as u8, offset);
    bytes.extend_from_slice(&end);
    bytes
}

#[test]
fn every_cut_archive_is_refused_and_none_panics() {
    let bytes = archive();
    let read =
        |bytes: &[u8]| read_directory(&mut Cursor::new(bytes), bytes.len() as u64, ArchiveLimits::default());
    let entries = read(&bytes).expect("it is whole");
    assert_eq!((entries[0].name.as_str(), entries[0].size, entries[0].offset), ("a/b", 1, 0));
    let moved = [b"#!/bin/sh\n".as_slice(), &bytes].concat();
    assert_eq!(read(&moved).expect("it is whole")[0].offset, 10);
    for cut in 0..bytes.len() {
        assert!(read(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn old_names_are_of_code_page_437() {
    let text: String = [0x61, 0x81, 0xe1, 0xff].into_iter().map(code_page_437).collect();
    assert_eq!(text, "aüß\u{a0}");
}

proptest! {
    #[test]
    fn no_bytes_panic(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = archive();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let limits = ArchiveLimits { entries: 3, ..ArchiveLimits::default() };
        if let Ok(entries) = read_directory(&mut Cursor::new(&bytes), bytes.len() as u64, limits) {
            prop_assert!(entries.len() <= 3 && entries.iter().all(|entry| !entry.name.contains('\0')));
        }
    }
}
