use super::*;
use crate::archive::member::ContentIndex;

fn layer(names: &[&str]) -> Vec<Member> {
    let member = |name: &&str| {
        let kind = match name.strip_suffix('/') {
            Some(_) => MemberKind::Directory,
            None if name.ends_with('!') => MemberKind::Device,
            None => MemberKind::File(ContentIndex(0)),
        };
        Member { name: name.trim_end_matches('/').to_owned(), kind, executable: false }
    };
    names.iter().map(member).collect()
}

/// The entries that are staged of layers.
fn check(layers: &[&[&str]], expect: &[&[&str]]) {
    let members: Vec<Vec<Member>> = layers.iter().map(|names| layer(names)).collect();
    let staged = staged(members.iter().map(Vec::as_slice).collect());
    let found: Vec<Vec<&str>> = layers
        .iter()
        .zip(staged)
        .map(|(names, staged)| {
            names.iter().zip(staged).filter(|(_, staged)| *staged).map(|(name, _)| *name).collect()
        })
        .collect();
    let expect: Vec<Vec<&str>> = expect.iter().map(|names| names.to_vec()).collect();
    assert_eq!(found, expect, "{layers:?}");
}

/// As BuildStream's plugin decides it.
#[test]
fn upper_layers_remove_what_lower_ones_have() {
    check(&[&["a", "b"], &[".wh.a", "c"]], &[&["b"], &["c"]]);
    check(&[&["a"], &[".wh.a", "a"]], &[&[], &["a"]]);
    check(&[&["a"], &[".wh.a"], &["a"]], &[&[], &[], &["a"]]);
    check(&[&["d/", "d/a", "d/e/a"], &["d/.wh.a"]], &[&["d/", "d/e/a"], &[]]);
    check(&[&["d/", "d/a"], &[".wh.d"]], &[&["d/a"], &[]]);
    check(
        &[&["d/", "d/a", "d/e/b", "da"], &["d/", "d/.wh..wh..opq", "d/c"]],
        &[&["d/", "da"], &["d/", "d/c"]],
    );
    check(&[&["a", "d/b"], &[".wh..wh..opq", "c"]], &[&[], &["c"]]);
    check(&[&["d/a"], &["x"], &["d/.wh..wh..opq"]], &[&[], &["x"], &[]]);
}

#[test]
fn devices_and_their_folder_are_left_out() {
    check(&[&["dev/", "dev/null!", "dev/shm/x", "devel/x", "tty!", "a"]], &[&["dev/", "devel/x", "a"]]);
    check(&[&["a", "b", "a"]], &[&["b", "a"]]);
}
