use super::*;

#[test]
fn folders_and_commits_are_read() {
    let id = [7u8; 20];
    let mut data = b"100644 a b\0".to_vec();
    data.extend_from_slice(&id);
    data.extend_from_slice(b"40000 dir\0");
    data.extend_from_slice(&id);
    data.extend_from_slice(b"100755 run\0");
    data.extend_from_slice(&id);
    let entries = parse_folder(&data).expect("it is a folder");
    let kinds: Vec<_> = entries.iter().map(|entry| (entry.name.as_slice(), entry.kind)).collect();
    let expect: [(&[u8], GitEntryKind); 3] = [
        (b"a b", GitEntryKind::File { executable: false }),
        (b"dir", GitEntryKind::Folder),
        (b"run", GitEntryKind::File { executable: true }),
    ];
    assert_eq!(kinds, expect);
    for cut in 1..data.len() {
        let whole = [0, 31, 61].contains(&cut);
        assert_eq!(parse_folder(&data[..cut]).is_some(), whole, "{cut}");
    }
    let hex = "07".repeat(20);
    let text = format!(
        "tree {hex}\nparent {hex}\nauthor A <a@b> 1 +0000\ncommitter A b <a@b> 1234567890 +0200\n\nparent x\n"
    );
    let commit = parse_commit(text.as_bytes()).expect("it is a commit");
    assert_eq!((commit.parents.len(), commit.committed), (1, 1_234_567_890));
    assert!(parse_commit(b"tree x\n").is_none());
}
