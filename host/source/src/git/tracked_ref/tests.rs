use super::*;

fn refs(names: &[&str]) -> Vec<AdvertisedRef> {
    let object = git2::Oid::ZERO_SHA1;
    names.iter().map(|name| AdvertisedRef { name: (*name).to_owned(), object, peeled: None }).collect()
}

#[track_caller]
fn check(track: &str, exclude: &[&str], names: &[&str], expect: Option<&str>) {
    let exclude = exclude.iter().map(|text| (*text).to_owned()).collect();
    let refs = refs(names);
    let newest = RefPatterns::new(track, exclude).newest(&refs).map(|found| found.name.clone()).ok();
    assert_eq!(newest.as_deref(), expect, "{track}");
}

#[test]
fn the_highest_version_is_tracked() {
    let names =
        ["refs/heads/main", "refs/tags/v1.9.0", "refs/tags/v1.10.0", "refs/tags/v1.10.0-rc1", "refs/tags/x"];
    check("main", &[], &names, Some("refs/heads/main"));
    check("refs/heads/*", &[], &names, Some("refs/heads/main"));
    check("v*", &[], &names, Some("refs/tags/v1.10.0-rc1"));
    check("v*", &["*rc*"], &names, Some("refs/tags/v1.10.0"));
    check("refs/tags/v1.[!1]*", &[], &names, Some("refs/tags/v1.9.0"));
    check("v1.?.0", &[], &names, Some("refs/tags/v1.9.0"));
    check("master", &[], &names, None);
    check("v1", &[], &names, None);
    check("*/fix", &[], &["refs/heads/a/b/fix"], Some("refs/heads/a/b/fix"));
}

#[test]
fn patterns_are_those_of_fnmatch() {
    for (pattern, name, expect) in [
        ("", "", true),
        ("*", "", true),
        ("**a*b", "xxaxxb", true),
        ("a*b*c", "a-b-b-d", false),
        ("[]x]", "]", true),
        ("[a-c]1", "b1", true),
        ("[!a-c]1", "b1", false),
        ("[ab", "[ab", true),
        ("a?", "a", false),
    ] {
        assert_eq!(fnmatch(pattern.as_bytes(), name.as_bytes()), expect, "{pattern} {name}");
    }
}

#[test]
fn names_that_do_not_match_are_told_with_similar_ones() {
    let refs = refs(&["refs/heads/main", "refs/tags/v1"]);
    let error = RefPatterns::new("master", Vec::new()).newest(&refs);
    let text = error.expect_err("there is none").to_string();
    assert_eq!(text, "no branch or tag matches 'master'; it has main, v1");
}
