use super::{VersionParts, render};

/// The expected texts are those of the plugin of BuildStream's community.
#[test]
fn versions_are_cut_as_the_plugin_cuts_them() {
    let all = "{prefix}|{major}|{minor}|{patch}|{prerelease}|{metadata}";
    for (version, expected) in [
        ("1.2.3", "|1|2|3||"),
        ("v5.10", "v|5|10|||"),
        ("7", "|7||||"),
        ("1.2.3.4.5-rc1", "|1|2|3|rc1|"),
        ("1.0.0-beta.2+build.7", "|1|0|0|beta.2|build.7"),
        ("lib2-1.4", "lib2-|1|4|||"),
        ("2024a", "|2024|||a|"),
        ("R_2_4_7", "R_|2|||4_7|"),
        ("none", "|||||"),
    ] {
        assert_eq!(
            render(all, version, &VersionParts::of(version)).expect("a good template"),
            expected,
            "{version}"
        );
    }
}

#[test]
fn templates_are_filled_in() {
    let url = "alias:x/{major}.{minor}/x-{version}.tar.xz?{{q}}";
    assert_eq!(
        render(url, "1.2.3", &VersionParts::of("1.2.3")).expect("a good template"),
        "alias:x/1.2/x-1.2.3.tar.xz?{q}"
    );
    assert!(
        render("{build}", "1", &VersionParts::of("1"))
            .expect_err("it is refused")
            .contains("no part 'build'")
    );
    assert!(
        render("x{version", "1", &VersionParts::of("1")).expect_err("it is refused").contains("stands alone")
    );
}

#[test]
fn the_plugin_of_kde_cuts_at_dots() {
    let parts = VersionParts::between_dots("2.1rc1.0.9");
    assert_eq!(
        render("{major}|{minor}|{patch}|{version}", "2.1rc1.0.9", &parts).expect("a good template"),
        "2|1rc1|0|2.1rc1.0.9"
    );
}
