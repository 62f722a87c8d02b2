use super::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn every_form_is_read_and_written_the_same() {
    let url = format!("https://example.org/mine.wasm#sha256={HEX}");
    let pinned = format!("oci://localhost:5000/team/mine:1.2.0@sha256:{HEX}");
    for text in
        ["policies/mine.wasm", "mine.wasm", "/opt/mine.wasm", &url, "oci://example.org/mine:latest", &pinned]
    {
        let reference: PluginReference = text.parse().expect(text);
        assert_eq!(reference.to_string(), text);
    }
    let reference: PluginReference = pinned.parse().expect("it is one");
    let PluginReference::Oci(artifact) = reference else { panic!("it is an artifact") };
    assert_eq!((artifact.registry.as_str(), artifact.repository.as_str()), ("localhost:5000", "team/mine"));
}

#[test]
fn what_is_wrong_is_said() {
    for (text, says) in [
        ("mine", "expected a path"),
        ("a b.wasm", "spaces"),
        ("ftp://example.org/x.wasm", "expected a path"),
        ("https://example.org/x.wasm", "#sha256="),
        ("https://example.org/x.wasm#sha256=12", "64 lower-case"),
        ("oci://example.org", "oci://HOST/REPOSITORY:VERSION"),
        ("oci://example.org/mine", "names no version"),
        ("oci:///mine:1", "HOST"),
        ("oci://example.org/Mine:1", "repository"),
        ("oci://example.org/../mine:1", "repository"),
        ("oci://example.org/mine:", "version"),
        ("oci://example.org/mine:1@md5:12", "sha256:"),
    ] {
        let error = text.parse::<PluginReference>().expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}
