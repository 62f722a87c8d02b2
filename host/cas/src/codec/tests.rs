use proptest::prelude::*;

use super::*;
use crate::test_trees::arbitrary_directory;

fn file(name: &str, contents: &[u8]) -> FileNode {
    FileNode {
        name: name.into(),
        digest: Digest::of(contents),
        executable: false,
        properties: NodeProperties::default(),
    }
}

/// Digests computed once from BuildStream 2.8.1's own generated protocol buffer classes.
fn check_golden(directory: &Directory, expect: &str) {
    let bytes = encode(directory);
    assert_eq!(Digest::of(&bytes).to_string(), expect);
    assert_eq!(decode(&bytes).as_ref(), Ok(directory));
}

fn plain() -> Directory {
    Directory {
        files: vec![file("hello.txt", b"hello\n"), FileNode { executable: true, ..file("run", b"") }],
        directories: vec![DirectoryNode { name: "empty".into(), digest: Digest::of(b"") }],
        symlinks: vec![SymlinkNode {
            name: "lib".into(),
            target: "usr/lib".into(),
            properties: NodeProperties::default(),
        }],
        properties: NodeProperties::default(),
    }
}

#[test]
fn golden_empty() {
    check_golden(&Directory::default(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/0");
}

#[test]
fn golden_plain() {
    check_golden(&plain(), "8311a4c56ec59201a97012e201dff578cb38483b0f09836a72a7409c780e04d5/253");
}

#[test]
fn golden_nested() {
    let digest = Digest::of(&encode(&plain()));
    let directory =
        Directory { directories: vec![DirectoryNode { name: "bin".into(), digest }], ..Directory::default() };
    check_golden(&directory, "c8bdeb84a26044d314b1562b509d83dd39f1bf781d161a72df59573eb247b46c/78");
}

#[test]
fn golden_properties() {
    let mut early = file("mü", b"hello\n");
    early.properties.mtime = Some((1_321_009_871, 5));
    let mut late = file("z", b"hello\n");
    late.executable = true;
    late.properties = NodeProperties {
        properties: vec![("a".into(), "1".into()), ("b".into(), String::new())],
        mtime: Some((-1, 0)),
        unix_mode: Some(0o4755),
    };
    let link_properties = NodeProperties { unix_mode: Some(0), ..NodeProperties::default() };
    let directory = Directory {
        files: vec![early, late],
        directories: Vec::new(),
        symlinks: vec![SymlinkNode { name: "l".into(), target: "/x".into(), properties: link_properties }],
        properties: NodeProperties {
            properties: vec![("SubtreeReadOnly".into(), "true".into())],
            ..NodeProperties::default()
        },
    };
    check_golden(&directory, "fb33c37373447f33087137a110335104c9840589657d4375602bb8c53ad7102a/239");
}

#[test]
fn refuses_what_is_not_canonical() {
    let files = |names: &[&str]| Directory {
        files: names.iter().map(|name| file(name, b"x")).collect(),
        ..Directory::default()
    };
    let twice = Directory { files: vec![file("empty", b"x")], ..plain() };
    let cases = [
        (files(&["b", "a"]), "'b' does not belong before 'a'"),
        (files(&["a", "a"]), "'a' does not belong before 'a'"),
        (files(&[""]), "the name '' is empty"),
        (files(&["a/b"]), "the name 'a/b' holds a slash"),
        (files(&[".."]), "the name '..' is not a name"),
        (files(&["a\0"]), "the name 'a\0' holds a NUL"),
        (twice, "the name 'empty' occurs twice"),
    ];
    for (directory, expect) in cases {
        assert_eq!(decode(&encode(&directory)), Err(expect.to_owned()));
    }
}

#[test]
fn refuses_what_is_no_message() {
    for bytes in [&b"\x0a\x05ab"[..], b"\x0b", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x0a\x00"] {
        assert!(decode(bytes).is_err(), "{bytes:?}");
    }
}

/// Other decoders merge the two messages, so they would read another tree than this one does.
#[test]
fn refuses_a_message_that_stands_there_twice() {
    let properties = |mode| NodeProperties { unix_mode: Some(mode), ..NodeProperties::default() };
    let of_file = |properties| {
        let node = FileNode { properties, ..file("a", b"x") };
        encode(&Directory { files: vec![node], ..Directory::default() }).split_off(2)
    };
    let of_folder = |properties| encode(&Directory { properties, ..Directory::default() });
    let node = |body: &[u8]| {
        let mut bytes = Vec::new();
        wire::put_bytes_always(&mut bytes, 1, body);
        bytes
    };
    let once = of_file(NodeProperties::default());
    let digest_twice = [&once[..], &once[3..]].concat();
    let late = of_file(properties(1)).split_off(once.len());
    let properties_twice = [&of_file(properties(1))[..], &late].concat();
    let mode_twice = [&[0x2a, 0x08][..], &[0x1a, 0x02, 0x08, 0x01].repeat(2)].concat();
    let time_twice = [&[0x2a, 0x08][..], &[0x12, 0x02, 0x08, 0x01].repeat(2)].concat();
    assert!(decode(&node(&once)).is_ok());
    for bytes in [
        node(&digest_twice),
        node(&properties_twice),
        [of_folder(properties(1)), of_folder(properties(1))].concat(),
        mode_twice,
        time_twice,
    ] {
        let refused = decode(&bytes).expect_err("something is twice");
        assert!(refused.ends_with("occurs twice"), "{refused}");
    }
}

proptest! {
    #[test]
    fn decode_undoes_encode(directory in arbitrary_directory()) {
        prop_assert_eq!(decode(&encode(&directory)), Ok(directory));
    }

    #[test]
    fn decode_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }
}
