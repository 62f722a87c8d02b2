//! Configurations and unique keys.

mod common;

use common::{Lab, spec};
use spec_model::{
    Digest, FilePosition, FolderPlugin, Mapping, Node, PluginOrigin, PythonText, StatedText, UserError,
};
use spec_source::{SourceError, SourceSpec};

const SHA: &str = "6c9f6f68a131ec6381da82f2bff978083ed7f4f7991d931bfa767b7965ebc94b";

fn key(spec: SourceSpec) -> Result<Option<String>, SourceError> {
    Ok(Lab::new().sources(&[spec])?.key_text()?)
}

/// Keys as BuildStream's plugins list them.
#[test]
fn unique_keys() -> Result<(), SourceError> {
    let entry = |key: &str, kind: &str| Some(format!("[{{\"key\":[{key}],\"name\":\"{kind}\"}}]"));
    let common = [("url", "files:a/b.tar"), ("ref", SHA)];
    let with = |more: &[(&'static str, &'static str)]| [&common[..], more].concat();
    assert_eq!(key(spec("tar", &common))?, entry(&format!("\"files:a/b.tar\",\"{SHA}\",\"*\""), "tar"));
    assert_eq!(
        key(spec("tar", &with(&[("base-dir", ""), ("version", "1.0"), ("version-guess-pattern", "x")])))?,
        entry(&format!("\"files:a/b.tar\",\"{SHA}\",\"1.0\",\"\""), "tar")
    );
    assert_eq!(
        key(spec("remote", &with(&[("version-guess-pattern", "x")])))?,
        entry(&format!("\"files:a/b.tar\",\"{SHA}\",\"x\",\"b.tar\",false"), "remote")
    );
    assert_eq!(
        key(spec("remote", &with(&[("filename", "c"), ("executable", "True")])))?,
        entry(&format!("\"files:a/b.tar\",\"{SHA}\",\"c\",true"), "remote")
    );
    assert_eq!(key(spec("tar", &[("url", "files:a.tar")]))?, None);
    Ok(())
}

#[test]
fn the_directory_is_part_of_the_key() -> Result<(), SourceError> {
    let mut declared = spec("remote", &[("url", "files:a"), ("ref", SHA)]);
    declared.directory = Some("b/c".to_owned());
    let expect = format!(
        "[{{\"directory\":\"b/c\",\"key\":[\"files:a\",\"{SHA}\",\"a\",false],\"name\":\"remote\"}}]"
    );
    assert_eq!(key(declared)?, Some(expect));
    Ok(())
}

#[track_caller]
fn check_refused(kind: &str, config: &[(&str, &str)], at: Option<&str>, reason: &str) {
    let mut declared = spec(kind, config);
    let position = |line| FilePosition { file: "app.bst".into(), line, column: 3 };
    declared.position = Some(position(1));
    declared.config.position = Some(position(1));
    for (line, node) in declared.config.entries.values_mut().enumerate() {
        node.position = Some(position(line as u32 + 2));
    }
    let expect = match at {
        Some(name) => declared.config.get(name).and_then(|node: &Node| node.position.clone()),
        None => Some(position(1)),
    };
    let error = Lab::new().sources(&[declared]).expect_err("the configuration is wrong");
    assert_eq!(error.reason(), reason, "{error}");
    assert_eq!(error.position(), expect.as_ref(), "{error}");
}

#[test]
fn wrong_configurations_name_their_place() {
    check_refused("tar", &[("ref", SHA)], None, "invalid-data");
    check_refused("tar", &[("url", "files:a"), ("basedir", "")], Some("basedir"), "invalid-data");
    check_refused("remote", &[("url", "files:a"), ("base-dir", "")], Some("base-dir"), "invalid-data");
    check_refused("local", &[("path", "missing")], Some("path"), "missing-file");
    check_refused("local", &[("path", "."), ("ref", SHA)], Some("ref"), "invalid-data");
    check_refused("tar", &[("url", "nowhere:a.tar")], Some("url"), "invalid-source-alias");
    check_refused("remote", &[("url", "files:a"), ("executable", "yes")], Some("executable"), "invalid-data");
    check_refused(
        "remote",
        &[("url", "files:a"), ("filename", "a/b")],
        Some("filename"),
        "filename-contains-directory",
    );
    check_refused("svn", &[("url", "files:a")], None, "unknown-source-kind");
    check_refused("ostree", &[("url", "files:a")], None, "source-kind-left-out");
}

#[test]
fn urls_that_cannot_be_downloaded_are_errors_when_they_are() {
    let lab = Lab::new();
    for url in ["ftp://host/a", "a.tar", "file://host/a"] {
        let sources = lab.sources(&[spec("tar", &[("url", url), ("ref", SHA)])]).expect("any URL has a key");
        let error = sources.fetch(&common::silent()).expect_err("it cannot be downloaded");
        assert_eq!(error.reason(), "invalid-source-url", "{error}");
    }
}

#[test]
fn urls_without_alias_are_warned_of() -> Result<(), SourceError> {
    let lab = Lab::new();
    let sources =
        lab.sources(&[spec("tar", &[("url", "files:a")]), spec("tar", &[("url", "http://h/a")])])?;
    let tokens: Vec<_> = sources.warnings().iter().map(|warning| warning.token).collect();
    assert_eq!(tokens, ["unaliased-url"]);
    Ok(())
}

/// The plugin of KDE's project, by its SHA-256, has the URL of the release in its keys; the community's has the template.
#[test]
fn a_known_plugin_of_a_project_has_its_own_keys() -> Result<(), SourceError> {
    const KDE: &str = "fee8be550df14502fedb7bf5fbae082a3c2490df90d8f5528636f2b0f85f0db7";
    let declared = |sha256: &str, stated: &[&str]| {
        let mut spec = spec("anitya", &[("project-id", "12"), ("url", "files:x-{version}.tar")]);
        let mut reference = Mapping::new();
        reference.set("version", Node::text("1.2"));
        reference.set("sha256sum", Node::text(SHA));
        spec.config.set("ref", reference);
        let digest = Digest::from_hex(sha256, 1).expect("it is one");
        let stated = stated.iter().map(|sha256| StatedText { sha256: (*sha256).to_owned(), position: None });
        spec.origin = PluginOrigin::Folder(FolderPlugin {
            file: "plugins/anitya.py".to_owned(),
            text: Some(PythonText { digest, modules: Vec::new() }),
            stated: stated.collect(),
        });
        spec
    };
    let kde = format!("[{{\"key\":[\"files:x-1.2.tar\",\"{SHA}\",\"1.2\"],\"name\":\"anitya\"}}]");
    assert_eq!(key(declared(KDE, &[]))?, Some(kde));
    let community =
        format!("[{{\"key\":[\"files:x-{{version}}.tar\",\"1.2\",\"{SHA}\",[]],\"name\":\"anitya\"}}]");
    assert_eq!(key(declared(SHA, &[KDE, SHA]))?, Some(community));
    let refused = key(declared(SHA, &[])).expect_err("nobody knows the text");
    assert_eq!(refused.reason(), "unknown-source-plugin", "{refused}");
    Ok(())
}
