use proptest::prelude::*;

use super::*;

const SHA: &str = "6c9f6f68a131ec6381da82f2bff978083ed7f4f7991d931bfa767b7965ebc94b";

fn filter(prereleases: bool, include: &[&str], exclude: &[&str]) -> ReleaseFilter {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    ReleaseFilter { prereleases, include: texts(include), exclude: texts(exclude) }
}

fn answer(files: &[(&str, &str)]) -> String {
    let file = |(name, yanked): &(&str, &str)| {
        format!(
            "{{\"filename\":\"{name}\",\"url\":\"{FILES}a/{name}\",\"hashes\":{{\"sha256\":\"{SHA}\"}},\"yanked\":{yanked}}}"
        )
    };
    let files: Vec<String> = files.iter().map(file).collect();
    format!("{{\"files\":[{}]}}", files.join(","))
}

#[track_caller]
fn check(filter: &ReleaseFilter, files: &[(&str, &str)], expect: Option<&str>) {
    let found = filter.newest_of("p", answer(files).as_bytes()).expect("a good answer");
    let suffix = found.map(|found| found.str("suffix").expect("a text").to_owned());
    assert_eq!(suffix, expect.map(|name| format!("a/{name}")));
}

/// Chosen as `packaging` of Python orders versions.
#[test]
fn the_newest_release_is_taken() {
    let all = filter(false, &[], &[]);
    let plain = |names: &[&'static str]| names.iter().map(|name| (*name, "false")).collect::<Vec<_>>();
    check(&all, &plain(&["p-1.9.tar.gz", "p-1.10.tar.gz", "p-1.2.tar.gz"]), Some("p-1.10.tar.gz"));
    check(&all, &plain(&["p-2.tar.gz", "p-1!1.tar.gz"]), Some("p-1!1.tar.gz"));
    check(
        &all,
        &plain(&["p-1.0.post1.tar.gz", "p-1.0.tar.gz", "p-1.1a1.tar.gz"]),
        Some("p-1.0.post1.tar.gz"),
    );
    check(&all, &plain(&["p-1.0.zip", "p-1.tar.gz"]), Some("p-1.tar.gz"));
    check(&all, &plain(&["p-1.tar.gz", "p-1.0.zip"]), Some("p-1.0.zip"));
    check(&all, &plain(&["p-3-py3-none-any.whl", "p-2.tar.bz2", "p-x.tar.gz", "-9.zip", "p.zip"]), None);
    let yanked = [("p-2.tar.gz", "\"broken\""), ("p-3.zip", "true"), ("p-1.zip", "\"\"")];
    check(&all, &yanked, Some("p-1.zip"));
    let versions = plain(&["p-1.0.zip", "p-2.0.zip", "p-2.1rc1.zip", "p-3.0.dev1.zip"]);
    check(&all, &versions, Some("p-2.0.zip"));
    check(&filter(true, &[], &[]), &versions, Some("p-3.0.dev1.zip"));
    check(&filter(true, &["2.*"], &[]), &versions, Some("p-2.1rc1.zip"));
    check(&filter(true, &[], &["3.*", "2.1*"]), &versions, Some("p-2.0.zip"));
    check(&filter(true, &["2.*", "1.*"], &[]), &versions, None);
}

#[test]
fn wrong_answers_are_refused() {
    let long = format!(
        "{{\"files\":[{{\"filename\":\"p-1.zip\",\"url\":\"x\",\"hashes\":{{\"sha256\":\"{}\"}}}}]}}",
        &SHA[1..]
    );
    for (body, reason) in [
        ("", "index-answer"),
        ("<html>", "index-answer"),
        ("{}", "index-answer"),
        ("{\"files\": {}}", "index-answer"),
        ("{\"files\": []}", "index-no-entry"),
        ("{\"files\":[{\"filename\":\"p-1.zip\",\"url\":\"x\",\"hashes\":{}}]}", "index-answer"),
        (long.as_str(), "index-answer"),
    ] {
        let error = filter(false, &[], &[]).newest_of("p", body.as_bytes()).expect_err(body);
        assert_eq!(error.reason(), reason, "{body}: {error}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_read(body in proptest::collection::vec(any::<u8>(), 0..300), name in "[a-z0-9.!+-]{0,20}(\\.zip|\\.tar\\.gz)") {
        let _ = filter(true, &[], &[]).newest_of("p", &body);
        let _ = filter(true, &[], &[]).newest_of("p", answer(&[(&name, "null")]).as_bytes());
    }
}
