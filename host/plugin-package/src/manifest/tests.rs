use spec_model::UserError;

use super::*;

const MANIFEST: &str = "name: only-long
version: 0.1.0
summary: Primes only actions that take long.
licence: Apache-2.0
language: rust
worlds:
- priming-policy
settings:
  least-ms:
    summary: Shorter actions are not primed, in milliseconds.
    type: number
    default: '100'
";

#[test]
fn a_manifest_is_read_and_written_the_same() {
    let manifest = PluginManifest::parse(MANIFEST, "spec-plugin.yaml").expect("it is valid");
    assert_eq!(manifest.worlds, [PluginWorld::PrimingPolicy]);
    let written = serde_yaml::to_string(&manifest).expect("it can be written");
    assert_eq!(PluginManifest::parse(&written, "again").expect("it is valid"), manifest);
    assert_eq!(written, MANIFEST);
}

#[test]
fn mistakes_have_their_place() {
    for (from, to, place, says) in [
        ("0.1.0", "0.1", "2:10", "MAJOR.MINOR.PATCH"),
        ("name: only-long", "name: Only", "1:7", "lower-case"),
        ("language: rust", "language: go", "5:11", "rust, c, js, python"),
        ("- priming-policy", "- priming", "7:3", "element-kind, overlay-policy, priming-policy"),
        ("type: number", "type: numbers", "11:11", "unknown variant"),
        ("summary: Primes", "sumary: Primes", "3:1", "unknown field `sumary`"),
    ] {
        let text = MANIFEST.replacen(from, to, 1);
        let error = PluginManifest::parse(&text, "m.yaml").expect_err(to);
        let position = error.position().expect("it has a place").to_string();
        assert_eq!((error.reason(), position), ("invalid-manifest", format!("m.yaml:{place}")), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn names_and_versions() {
    for name in ["a", "only-long", "x2"] {
        assert_eq!(name.parse::<PluginName>().expect(name).as_str(), name);
    }
    for name in ["", "A", "a--b", "-a", "a-", "2a", "a_b", "a/b"] {
        assert!(name.parse::<PluginName>().is_err(), "{name}");
    }
    assert!("1.2.3".parse::<PluginVersion>().is_ok());
    for version in ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "+1.2.3"] {
        assert!(version.parse::<PluginVersion>().is_err(), "{version}");
    }
    let name: PluginName = "only-long".parse().expect("it is one");
    assert_eq!((name.as_type(), name.as_variable()), ("OnlyLong".to_owned(), "only_long".to_owned()));
}
