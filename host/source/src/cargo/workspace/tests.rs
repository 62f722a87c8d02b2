use proptest::prelude::*;
use spec_cas::TreeBuilder;

use super::*;

/// The folder of a crate in a repository with these manifests; the error names the crates that there are.
fn find(manifests: &[(&str, &str)], name: &str) -> Result<String, Vec<String>> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let cas = Cas::open(folder.path().join("cas")).expect("the folder is new");
    let mut builder = TreeBuilder::new();
    for (path, text) in manifests {
        let digest = cas.put_bytes(text.as_bytes()).expect("the store works");
        builder.add_file(&below(path, "Cargo.toml"), digest, false).expect("a good path");
    }
    let root = builder.store(&cas).expect("the store works");
    match find_crate(&cas, root, name) {
        Ok(found) => Ok(found.folder),
        Err(CrateError::NotFound { found }) => Err(found),
        Err(error) => Err(vec![format!("{error:?}")]),
    }
}

fn package(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\n{more}")
}

#[test]
fn a_crate_is_found_where_its_workspace_has_it() {
    let root = |members: &str| format!("[workspace]\nmembers = [{members}]\n");
    let near = "[dependencies]\nnear = { path = \"../near\" }\nfar = { path = \"/etc\" }\nout = { path = \"../../..\" }\n";
    for (members, name, expect) in [
        ("\"a\"", "a", Ok("a")),
        ("\"./a/\"", "a", Ok("a")),
        ("\"crates/*\"", "b", Ok("crates/b")),
        ("\"crates/*\"", "hidden", Err(vec!["b"])),
        ("\"crates/.h*\"", "hidden", Ok("crates/.hidden")),
        ("\"*/b\"", "b", Ok("crates/b")),
        ("\"*s/[a-c]\"", "b", Ok("crates/b")),
        ("\"**\"", "b", Err(vec!["a", "near", "nearer"])),
        ("\"x/../a\"", "a", Ok("a")),
        ("\"../a\", \"/a\", \"no\"", "a", Err(vec![])),
        ("\"a\"", "near", Ok("near")),
        ("\"a\"", "nearer", Ok("near/nearer")),
        ("\"a\"", "b", Err(vec!["a", "near", "nearer"])),
    ] {
        let found = find(
            &[
                ("", &root(members)),
                ("a", &package("a", near)),
                ("near", &package("near", "[dependencies]\nnearer = { path = \"nearer\" }\n")),
                ("near/nearer", &package("nearer", "[dependencies]\nnear = { path = \"..\" }\n")),
                ("crates/b", &package("b", "")),
                ("crates/.hidden", &package("hidden", "")),
            ],
            name,
        );
        let expect =
            expect.map(str::to_owned).map_err(|names| names.into_iter().map(str::to_owned).collect());
        assert_eq!(found, expect, "{members}: {name}");
    }
}

#[test]
fn the_root_may_be_a_crate_of_its_own() {
    let with = |more: &str| package("root", more);
    let member = ("m", "[package]\nname = \"m\"\n");
    for (root, name, expect) in [
        (with(""), "root", Ok("")),
        (with(""), "m", Err(vec!["root".to_owned()])),
        (with("[workspace]\n"), "root", Ok("")),
        (with("[workspace]\n"), "m", Err(vec![])),
        (with("[workspace]\nmembers = [\"m\"]\n"), "m", Ok("m")),
        (with("[workspace]\nmembers = [\"m\", \".\"]\n"), "root", Ok("")),
        ("[workspace]\nmembers = [\"m\"]\n".to_owned(), "root", Err(vec!["m".to_owned()])),
        ("[package]\n".to_owned(), "m", Err(vec![])),
    ] {
        assert_eq!(find(&[("", &root), member], name), expect.map(str::to_owned), "{root}: {name}");
    }
}

#[test]
fn wrong_manifests_are_named() {
    let root = "[workspace]\nmembers = [\"m\"]\n";
    for (manifests, says) in [
        (&[("m", "")][..], "NoManifest"),
        (&[("", "[package")], "\"Cargo.toml\", error: TomlFileError { line: 1, column: 9"),
        (&[("", root), ("m", "\nname = x\n")], "\"m/Cargo.toml\", error: TomlFileError { line: 2, column: 8"),
        (&[("", root), ("m", "[package]\nname = \"m\"\nversion.workspace = true\n")], "package.version"),
    ] {
        let found = find(manifests, "m").expect_err(says);
        assert!(found[0].contains(says), "{found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_workspace_is_read(
        members in proptest::collection::vec("[a-c./*?\\[\\]!-]{0,8}", 0..4),
        path in "[a-c./]{0,6}",
        inherited in "[a-z.]{1,10}",
    ) {
        let root = format!("[workspace]\nmembers = {members:?}\n[package]\nname = \"r\"\n");
        let member = package("a", &format!("[dependencies]\nx = {{ path = \"{path}\" }}\n[lints]\n{inherited} = true\n"));
        for name in ["a", "r", "b"] {
            let found = find(&[("", &root), ("a", &member), ("a/b", &package("b", "")), ("b", &member)], name);
            prop_assert!(!found.is_ok_and(|folder| folder.starts_with('/') || folder.contains("..")));
        }
    }
}
