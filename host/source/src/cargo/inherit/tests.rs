use super::*;
use crate::cargo::toml_file::parse;

fn read(text: &str) -> Table {
    parse(text).expect("a good manifest")
}

const WORKSPACE: &str = r#"
[package]
version = "1.2.3"
authors = ["A"]

[lints.rust]
unsafe_code = "forbid"

[dependencies]
plain = "1"
other = { version = "2", features = ["a"], default-features = false }
near = { path = "near" }
"#;

/// What BuildStream's plugin makes of these manifests.
#[test]
fn a_crate_inherits_of_its_workspace() {
    for (before, after) in [
        (
            "[package]\nname = \"c\"\nversion.workspace = true\nauthors = { workspace = true }\nedition = \"2021\"\n",
            "[package]\nname = \"c\"\nversion = \"1.2.3\"\nauthors = [\"A\"]\nedition = \"2021\"\n",
        ),
        (
            "[package]\nname = \"c\"\n[dependencies]\nplain.workspace = true\nown = \"3\"\n",
            "[package]\nname = \"c\"\n[dependencies]\nplain = { version = \"1\" }\nown = \"3\"\n",
        ),
        (
            "[package]\nname = \"c\"\n[dev-dependencies]\nother = { workspace = true, features = [\"b\"], optional = true }\n",
            "[package]\nname = \"c\"\n[dev-dependencies]\nother = { features = [\"a\", \"b\"], optional = true, version = \"2\", default-features = false }\n",
        ),
        (
            "[build-dependencies]\nnear.workspace = true\n[target.'cfg(unix)'.dependencies]\nplain.workspace = true\n",
            "[build-dependencies]\nnear = { path = \"near\" }\n[target.'cfg(unix)'.dependencies]\nplain = { version = \"1\" }\n",
        ),
        ("[lints]\nworkspace = true\n", "[lints.rust]\nunsafe_code = \"forbid\"\n"),
        ("[lints.rust]\nunused = \"warn\"\n", "[lints.rust]\nunused = \"warn\"\n"),
        ("[lints]\nworkspace = false\n", "[lints]\nworkspace = false\n"),
    ] {
        let mut manifest = read(before);
        inherit(&mut manifest, &read(WORKSPACE)).expect(before);
        assert_eq!(manifest, read(after), "{before}");
        let written = manifest.to_string();
        assert_eq!(read(&written), manifest, "{written}");
    }
}

#[test]
fn what_the_workspace_does_not_have_is_named() {
    for (manifest, workspace, setting) in [
        ("[package]\nedition.workspace = true\n", WORKSPACE, "package.edition"),
        ("[package]\nedition.workspace = true\n", "", "package.edition"),
        ("[dependencies]\nx.workspace = true\n", WORKSPACE, "dependencies.x"),
        ("[target.a.dependencies]\nx.workspace = true\n", WORKSPACE, "dependencies.x"),
    ] {
        let error = inherit(&mut read(manifest), &read(workspace)).expect_err(manifest);
        assert_eq!(error.setting, setting, "{manifest}");
    }
}
