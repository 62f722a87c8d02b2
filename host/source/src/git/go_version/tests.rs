use super::*;

/// As the regular expressions of BuildStream's plugin read them.
#[test]
fn versions() {
    let tag = |tag, major| Some(GoVersion::Tag { tag, major });
    for (version, expect) in [
        ("v0.0.0-20191109021931-daa7c04131f5", Some(GoVersion::Commit("daa7c04131f5"))),
        ("v1.2.4-0.20191109021931-daa7c04131f5", Some(GoVersion::Commit("daa7c04131f5"))),
        ("v1.2.3-pre.0.20191109021931-daa7c04131f5", Some(GoVersion::Commit("daa7c04131f5"))),
        ("v1.2.3", tag("v1.2.3", 1)),
        ("v2.0.0+incompatible", tag("v2.0.0", 2)),
        ("v10.0.0-rc.1+x.y", tag("v10.0.0-rc.1", 10)),
        ("v0.0.0-20191109021931-daa7c04131f5+incompatible", tag("v0.0.0-20191109021931-daa7c04131f5", 0)),
        ("v1.2.3-rc1.0.20191109021931-daa7c04131f5", tag("v1.2.3-rc1.0.20191109021931-daa7c04131f5", 1)),
        ("v1.2", None),
        ("v01.2.3", None),
        ("1.2.3", None),
        ("v1.2.3-01", None),
        ("v1.2.3-a..b", None),
        ("v1.2.3\n", None),
        ("", None),
    ] {
        assert_eq!(GoVersion::of(version), expect, "{version}");
    }
}
