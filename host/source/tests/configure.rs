//! Configurations and unique keys.

mod common;

use common::{Lab, spec, with_text};
use spec_model::{FilePosition, Mapping, Node, UserError};
use spec_source::{SourceError, SourceSpec};

const SHA: &str = "6c9f6f68a131ec6381da82f2bff978083ed7f4f7991d931bfa767b7965ebc94b";

fn key(spec: SourceSpec) -> Result<Option<String>, SourceError> {
    Lab::new().sources(&[spec])?.key_text()
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
    for url in ["sftp://host/a", "ftp://host/", "a.tar", "file://host/a"] {
        let sources = lab.sources(&[spec("tar", &[("url", url), ("ref", SHA)])]).expect("any URL has a key");
        let error = sources.fetch(&common::silent()).expect_err("it cannot be downloaded");
        assert_eq!(error.reason(), "invalid-source-url", "{error}");
    }
}

#[test]
fn urls_without_alias_are_warned_of() -> Result<(), SourceError> {
    let lab = Lab::new();
    let sources =
        lab.sources(&[spec("tar", &[("url", "files:a")]), spec("tar", &[("url", "http://me:s3cret@h/a")])])?;
    let warnings = sources.warnings();
    let warnings: Vec<_> = warnings.iter().map(|warning| (warning.token, &*warning.message)).collect();
    let message = "app.bst: tar source 2: the url 'http://***@h/a' uses no alias";
    assert_eq!(warnings, [("unaliased-url", message)]);
    Ok(())
}

/// The plugin of buildstream-plugins-community 2.3.1, which freedesktop-sdk has, has `explicit` in its keys; that of 2.4.0 does not.
#[test]
fn a_module_of_go_has_the_key_of_the_version_of_its_plugin() -> Result<(), SourceError> {
    const BEFORE: &str = "edd57ed2b3728ea41d38f00722af2918523526046a662d7c915d3c0dbe838cd7";
    const COMMIT: &str = "79649529cffb695d0d22195ed9a4910c80ca6907";
    let module = |explicit: Option<&str>| {
        let mut spec = spec("go_module", &[("module", "a/b"), ("url", "files:x")]);
        let mut reference = Mapping::new();
        reference.set("go-version", Node::text("v1.0.0"));
        reference.set("git-ref", Node::text(format!("v1.0.0-0-g{COMMIT}")));
        explicit.into_iter().for_each(|explicit| reference.set("explicit", Node::text(explicit)));
        spec.config.set("ref", reference);
        spec
    };
    // It cannot be the first source.
    let key = |module| {
        let sources = Lab::new().sources(&[spec("tar", &[("url", "files:a.tar"), ("ref", SHA)]), module])?;
        let text = sources.key_text()?.expect("both have refs");
        let start = text.find(r#"{"key":{"bugfix""#).expect("the module has a key");
        Ok::<_, SourceError>(format!("[{}", &text[start..]))
    };
    let expected = |explicit: &str| {
        format!(
            "[{{\"key\":{{\"bugfix\":1,\"module\":\"a/b\",\"ref\":{{{explicit}\"git-ref\":\"v1.0.0-0-g{COMMIT}\",\
             \"go-version\":\"v1.0.0\"}}}},\"name\":\"go_module\"}}]"
        )
    };
    assert_eq!(key(with_text(module(Some("True")), BEFORE, &[]))?, expected("\"explicit\":true,"));
    assert_eq!(key(with_text(module(Some("False")), BEFORE, &[]))?, expected("\"explicit\":false,"));
    assert_eq!(key(module(Some("True")))?, expected("\"explicit\":null,"));
    assert_eq!(key(module(None))?, expected(""));
    let refused = key(with_text(module(None), BEFORE, &[])).expect_err("it needs 'explicit'");
    assert_eq!(refused.reason(), "invalid-data", "{refused}");
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
        with_text(spec, sha256, stated)
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
