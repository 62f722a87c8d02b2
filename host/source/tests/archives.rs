//! Archives in every format, damaged ones, bombs, and files with holes.

mod common;

use std::io::Write;

use common::{Lab, append, sha256, silent, spec};
use flate2::Compression;
use spec_cas::{Cas, Entry};
use spec_model::{Digest, UserError};
use spec_source::SourceError;
use tar::EntryType;

fn one_file(data: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, EntryType::Regular, "top/x", 0o644, "", data);
    tar.into_inner().expect("writing to memory")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory")
}

fn stage_in(lab: &Lab, archive: &[u8], base_dir: &str) -> Result<Digest, SourceError> {
    lab.write("a.tar", archive);
    let config = [("url", "files:a.tar"), ("ref", &sha256(archive)), ("base-dir", base_dir)];
    lab.sources(&[spec("tar", &config)])?.stage(&silent())
}

/// The contents of a staged file.
fn contents(cas: &Cas, tree: &Digest, path: &str) -> Vec<u8> {
    match cas.lookup(tree, path).expect("the tree is in the store") {
        Some(Entry::File(file)) => cas.get(&file.digest).expect("the file is in the store"),
        other => panic!("{path} is {other:?}"),
    }
}

#[track_caller]
fn check_contents(archive: &[u8], path: &str, expect: &[u8]) {
    let lab = Lab::new();
    let tree = stage_in(&lab, archive, "").expect("the archive is good");
    assert!(contents(&lab.context.cas, &tree, path) == expect, "{path} has other contents");
}

#[track_caller]
fn check_refused(lab: &Lab, archive: &[u8], reason: &str) {
    let outcome = stage_in(lab, archive, "").map_err(|error| error.reason().to_owned());
    assert_eq!(outcome, Err(reason.to_owned()));
    assert_eq!(
        lab.context.cas.refs("sources").list("").expect("the store can be read"),
        Vec::<String>::new()
    );
    assert_eq!(
        lab.context.cas.refs("element-sources").list("").expect("the store can be read"),
        Vec::<String>::new()
    );
}

#[test]
fn every_compression_is_recognised_by_its_contents() {
    // Larger than a piece, so that it is stored in several.
    let data: Vec<u8> = (0..1_200_001_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let plain = one_file(&data);
    let bzip2 = || {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(&plain).and_then(|()| encoder.finish()).expect("writing to memory")
    };
    let lzma = |stream: liblzma::stream::Stream| {
        let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(&plain).and_then(|()| encoder.finish()).expect("writing to memory")
    };
    let xz = liblzma::stream::Stream::new_easy_encoder(0, liblzma::stream::Check::Crc64).expect("a preset");
    let options = liblzma::stream::LzmaOptions::new_preset(0).expect("a preset");
    let old = liblzma::stream::Stream::new_lzma_encoder(&options).expect("a preset");
    let zstd = zstd::encode_all(&plain[..], 1).expect("writing to memory");
    // Concatenated members are one stream.
    let (first, second) = plain.split_at(plain.len() / 2);
    let members = [gzip(first), gzip(second)].concat();
    for archive in [&plain, &gzip(&plain), &members, &bzip2(), &lzma(xz), &lzma(old), &zstd] {
        check_contents(archive, "top/x", &data);
    }
}

#[test]
fn lzip_is_recognised() {
    // lzip 1.23 of a tar that holds "hi" as x.
    const LZIP: &str = "4c5a4950010c003c0033501868898301dce26e21054a7037c98c71ac0ed67e1b3ec8a8e70b81672eedac5bd5759361cce6ff5aafebd578b3e1f0e168c89939e76abeffff8ec6b0001488756000080000000000005c00000000000000";
    let bytes: Vec<u8> =
        (0..LZIP.len() / 2).filter_map(|at| u8::from_str_radix(&LZIP[at * 2..at * 2 + 2], 16).ok()).collect();
    check_contents(&bytes, "x", b"hi");
}

#[test]
fn what_is_no_archive_is_refused() {
    for bytes in [&b""[..], b"hello", &[b'x'; 2000], &gzip(b"hello, this is no tar"), &gzip(&[7; 4096])] {
        check_refused(&Lab::new(), bytes, "archive-format");
    }
}

#[test]
fn an_archive_that_is_cut_off_is_refused() {
    let small = one_file(b"hello");
    let large = one_file(&vec![7; 1_500_000]);
    let packed = gzip(&one_file(&sha256(b"x").repeat(1000).into_bytes()));
    for (archive, length) in [(&small, 514), (&large, 1_200_000), (&large, 600), (&packed, packed.len() / 2)]
    {
        check_refused(&Lab::new(), &archive[..length], "archive-damaged");
    }
}

#[test]
fn a_damaged_header_is_refused() {
    let mut archive = one_file(b"hello");
    archive.truncate(1024);
    archive.extend_from_slice(&one_file(b"again"));
    archive[1024] ^= 1;
    check_refused(&Lab::new(), &archive, "archive-damaged");
}

#[test]
fn bombs_are_refused() {
    let mut lab = Lab::new();
    lab.context.limits.ratio_floor = 1 << 20;
    check_refused(&lab, &gzip(&one_file(&vec![0; 8 << 20])), "archive-bomb");

    let mut lab = Lab::new();
    lab.context.limits.unpacked = 1000;
    check_refused(&lab, &one_file(&[7; 1001]), "archive-bomb");

    let mut lab = Lab::new();
    lab.context.limits.entries = 3;
    let mut tar = tar::Builder::new(Vec::new());
    for _ in 0..4 {
        append(&mut tar, EntryType::Directory, "d", 0o755, "", b"");
    }
    check_refused(&lab, &tar.into_inner().expect("writing to memory"), "archive-bomb");
}

#[test]
fn a_bomb_of_names_is_refused() {
    let mut lab = Lab::new();
    lab.context.limits.ratio_floor = 1 << 20;
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, EntryType::GNULongName, "././@LongLink", 0o644, "", &vec![b'a'; 8 << 20]);
    append(&mut tar, EntryType::Regular, "x", 0o644, "", b"");
    check_refused(&lab, &gzip(&tar.into_inner().expect("writing to memory")), "archive-bomb");
}

#[test]
fn a_bomb_of_holes_is_refused() {
    let mut tar = tar::Builder::new(Vec::new());
    let huge = (1_u64 << 60).to_string();
    pax(&mut tar, &[("GNU.sparse.size", &huge), ("GNU.sparse.map", "0,1")]);
    append(&mut tar, EntryType::Regular, "x", 0o644, "", b"x");
    check_refused(&Lab::new(), &tar.into_inner().expect("writing to memory"), "archive-bomb");
}

#[test]
fn names_that_no_tree_can_hold_are_refused() {
    let deep = "d/".repeat(1200) + "x";
    for (name, reason) in [
        (&deep[..], "archive-entry-conflict"),
        (&"d/".repeat(2100), "archive-entry-name"),
        ("", "archive-entry-conflict"),
    ] {
        let mut tar = tar::Builder::new(Vec::new());
        append(&mut tar, EntryType::Regular, name, 0o644, "", b"");
        check_refused(&Lab::new(), &tar.into_inner().expect("writing to memory"), reason);
    }
    let mut archive = one_file(b"hello");
    archive[0] = 0xff;
    let sum: u32 =
        archive[..148].iter().chain(&archive[156..512]).map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    check_refused(&Lab::new(), &archive, "archive-entry-name");
}

#[test]
fn hostile_entries_have_reasons() {
    for (kind, name, link, reason) in [
        (EntryType::Regular, "../x", "", "archive-entry-climbs"),
        (EntryType::Directory, "a/../../b", "", "archive-entry-climbs"),
        (EntryType::Link, "x", "/etc/passwd", "archive-entry-climbs"),
        (EntryType::Link, "x", "../../etc/passwd", "archive-entry-climbs"),
        (EntryType::Link, "x", "nothing", "archive-entry-conflict"),
        (EntryType::Symlink, "x", "", "archive-entry-conflict"),
        (EntryType::Symlink, ".", "x", "archive-entry-conflict"),
        (EntryType::new(b'Y'), "x", "", "archive-entry-unknown"),
    ] {
        let mut tar = tar::Builder::new(Vec::new());
        append(&mut tar, kind, name, 0o644, link, b"");
        check_refused(&Lab::new(), &tar.into_inner().expect("writing to memory"), reason);
    }
}

/// Adds a pax header for the next entry.
fn pax(tar: &mut tar::Builder<Vec<u8>>, records: &[(&str, &str)]) {
    let mut data = String::new();
    for (key, value) in records {
        let rest = format!(" {key}={value}\n");
        let length = (rest.len()..).find(|n| n.to_string().len() + rest.len() == *n).expect("one fits");
        data += &format!("{length}{rest}");
    }
    append(tar, EntryType::XHeader, "pax", 0o644, "", data.as_bytes());
}

#[test]
fn holes_are_filled() {
    let whole = [&[0; 5000][..], b"data", &[0; 3000], b"more", &[0; 10]].concat();
    let mut tar = tar::Builder::new(Vec::new());
    pax(
        &mut tar,
        &[
            ("GNU.sparse.major", "0"),
            ("GNU.sparse.minor", "1"),
            ("GNU.sparse.name", "old"),
            ("GNU.sparse.size", &whole.len().to_string()),
            ("GNU.sparse.map", "5000,4,8004,4"),
        ],
    );
    append(&mut tar, EntryType::Regular, "GNUSparseFile.0/old", 0o644, "", b"datamore");
    pax(
        &mut tar,
        &[
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "new"),
            ("GNU.sparse.realsize", &whole.len().to_string()),
        ],
    );
    let mut data = b"2\n5000\n4\n8004\n4\n".to_vec();
    data.resize(512, 0);
    data.extend_from_slice(b"datamore");
    append(&mut tar, EntryType::Regular, "GNUSparseFile.0/new", 0o644, "", &data);
    let archive = tar.into_inner().expect("writing to memory");
    check_contents(&archive, "old", &whole);
    check_contents(&archive, "new", &whole);
}

#[test]
fn a_wrong_map_of_holes_is_refused() {
    for map in ["5,1,0,1", "0,9", "0", "x,y", "18446744073709551615,1"] {
        let mut tar = tar::Builder::new(Vec::new());
        pax(&mut tar, &[("GNU.sparse.size", "8"), ("GNU.sparse.map", map)]);
        append(&mut tar, EntryType::Regular, "x", 0o644, "", b"12345678");
        check_refused(&Lab::new(), &tar.into_inner().expect("writing to memory"), "archive-damaged");
    }
}

#[test]
fn a_global_header_is_no_file() {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, EntryType::XGlobalHeader, "pax_global_header", 0o644, "", b"13 comment=x\n");
    append(&mut tar, EntryType::Regular, "x", 0o644, "", b"hi");
    check_contents(&tar.into_inner().expect("writing to memory"), "x", b"hi");
}

#[test]
fn nothing_is_remembered_of_a_wrong_file() {
    let lab = Lab::new();
    lab.write("a.tar", &one_file(b"hello"));
    let expected = sha256(b"another file");
    let declared = spec("tar", &[("url", "files:a.tar"), ("ref", &expected)]);
    let sources = lab.sources(&[declared]).expect("the configuration is right");
    for _ in 0..2 {
        let error = sources.fetch(&silent()).expect_err("the ref is wrong");
        assert_eq!(error.reason(), "wrong-ref");
        let message = error.to_string();
        for part in ["app.bst", &expected, &sha256(&one_file(b"hello")), "a.tar"] {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
        assert!(error.hint().is_some_and(|hint| hint.contains("source track app.bst")), "{error:?}");
    }
    assert_eq!(sources.cached().expect("the store can be read"), None);
}

#[test]
fn a_missing_file_is_an_error() {
    let lab = Lab::new();
    let declared = spec("tar", &[("url", "files:a.tar"), ("ref", &sha256(b""))]);
    let sources = lab.sources(&[declared]).expect("the configuration is right");
    assert_eq!(
        sources.fetch(&silent()).map_err(|error| error.reason().to_owned()),
        Err("download-failed".to_owned())
    );
    assert_eq!(
        sources.stage(&silent()).map_err(|error| error.reason().to_owned()),
        Err("source-not-fetched".to_owned())
    );
}

#[test]
fn cancelling_ends_staging() {
    let lab = Lab::new();
    let archive = one_file(b"hello");
    lab.write("a.tar", &archive);
    let declared = spec("tar", &[("url", "files:a.tar"), ("ref", &sha256(&archive))]);
    let sources = lab.sources(&[declared]).expect("the configuration is right");
    let cancel = spec_model::Cancel::new();
    cancel.cancel();
    let error = sources.stage(&spec_source::FetchMonitor::silent(cancel)).expect_err("it was cancelled");
    assert_eq!(error.reason(), "cancelled");
    assert_eq!(sources.cached().expect("the store can be read"), None);
}

/// Processing a name with so many slashes would take time for each of its folders.
#[test]
fn a_name_that_no_file_can_have_is_refused_at_once() {
    let mut tar = tar::Builder::new(Vec::new());
    let path = "a/".repeat(500_000) + "x";
    tar.append_pax_extensions([("path", path.as_bytes())]).expect("writing to memory");
    append(&mut tar, EntryType::Regular, "x", 0o644, "", b"");
    let archive = tar.into_inner().expect("writing to memory");
    let start = std::time::Instant::now();
    for base_dir in ["", "*"] {
        let refused = stage_in(&Lab::new(), &archive, base_dir).expect_err("its name is too long");
        assert_eq!(refused.reason(), "archive-entry-name");
        assert!(refused.to_string().len() < 5000, "the whole name is told");
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}
