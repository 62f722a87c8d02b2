use spec_model::UserError;

use super::*;

fn requirements(properties: &[(&str, &str)]) -> Result<PlatformRequirements, String> {
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let requirements = PlatformRequirements::of(&Platform { properties: properties.collect() });
    requirements.map_err(|error| error.reason().to_owned())
}

#[test]
fn what_buildstream_asks_for_is_understood() {
    let digest = Digest::of(b"");
    let all = requirements(&[
        ("ISA", isa()),
        ("OSFamily", "Linux"),
        ("chrootRootDigest", &digest.to_string()),
        ("network", "on"),
        ("remoteApisSocketPath", "/run/casd.sock"),
        ("unixGID", "100"),
        ("unixUID", "1000"),
    ]);
    let expected = PlatformRequirements {
        chroot: Some(digest),
        uid: Some(1000),
        gid: Some(100),
        network: true,
        socket: Some("/run/casd.sock".to_owned()),
    };
    assert_eq!(all, Ok(expected));
    assert_eq!(requirements(&[]), Ok(PlatformRequirements::default()));
}

#[test]
fn what_cannot_be_is_refused() {
    for (name, value, reason) in [
        ("OSFamily", "windows", "action-no-worker"),
        ("ISA", "z80", "action-no-worker"),
        ("container-image", "docker://x", "action-invalid"),
        ("chrootRootDigest", "abc", "action-invalid"),
        ("unixUID", "-1", "action-invalid"),
        ("unixUID", "4294967295", "action-invalid"),
        ("unixGID", "users", "action-invalid"),
        ("network", "maybe", "action-invalid"),
        ("remoteApisSocketPath", "/a/../b", "action-invalid"),
        ("remoteApisSocketPath", "", "action-invalid"),
        ("remoteApisSocketPath", "//", "action-invalid"),
        ("remoteApisSocketPath", "/proc/1/root/socket", "action-invalid"),
        ("remoteApisSocketPath", "/dev", "action-invalid"),
        ("remoteApisSocketPath", "dev/socket", "action-invalid"),
        ("remoteApisSocketPath", &format!("/{}", "s".repeat(107)), "action-invalid"),
        ("remoteApisSocketPath", "/a\0b", "action-invalid"),
    ] {
        assert_eq!(requirements(&[(name, value)]), Err(reason.to_owned()), "{name}={value}");
    }
    assert_eq!(requirements(&[("unixUID", "1"), ("unixUID", "2")]), Err("action-invalid".to_owned()));
}
