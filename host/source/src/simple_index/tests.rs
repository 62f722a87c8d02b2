use proptest::prelude::*;

use super::*;

const SHA: &str = "6c9f6f68a131ec6381da82f2bff978083ed7f4f7991d931bfa767b7965ebc94b";
const AT: &str = "https://index.example/simple/p/";

fn file(name: &str, url: &str, sha256: Option<&str>, is_yanked: bool) -> IndexedFile {
    IndexedFile { name: name.to_owned(), url: url.to_owned(), sha256: sha256.map(str::to_owned), is_yanked }
}

#[test]
fn links_of_a_page_are_files() {
    let with_sha = format!("p-1.tar.gz#sha256={SHA}");
    for (link, expect) in [
        (
            format!("<a href=\"{with_sha}\">"),
            file("p-1.tar.gz", "https://index.example/simple/p/p-1.tar.gz", Some(SHA), false),
        ),
        (
            "<A HREF='../../files/p-1%2B2.zip#md5=12'>p</A>".to_owned(),
            file("p-1+2.zip", "https://index.example/files/p-1%2B2.zip", None, false),
        ),
        (
            format!("<a data-yanked href=\"https://files.example/a/p.zip?a=b#egg=p&amp;sha256={SHA}\">"),
            file("p.zip", "https://files.example/a/p.zip?a=b", Some(SHA), true),
        ),
        (
            "<base href=\"/other/\"><base href=\"/third/\"><a data-yanked=\"broken\" href=\" p.zip#sha256=12\">".to_owned(),
            file("p.zip", "https://index.example/other/p.zip", None, true),
        ),
    ] {
        let page = format!("<!DOCTYPE html><body><a name=x>{link}<!-- <a href=\"no\"> -->");
        assert_eq!(of_html(page.as_bytes(), AT), [expect], "{link}");
    }
}

#[test]
fn a_page_in_json_lists_files() {
    let entry = |yanked: &str, hashes: &str| {
        format!(
            "{{\"files\":[{{\"filename\":\"p-1.zip\",\"url\":\"p-1.zip\",\"hashes\":{hashes}{yanked}}}]}}"
        )
    };
    for (yanked, is_yanked) in [
        ("", false),
        (",\"yanked\":false", false),
        (",\"yanked\":true", true),
        (",\"yanked\":\"\"", false),
        (",\"yanked\":\"x\"", true),
    ] {
        let page = entry(yanked, &format!("{{\"sha256\":\"{SHA}\"}}"));
        assert_eq!(
            of_json(page.as_bytes()).ok(),
            Some(vec![file("p-1.zip", "p-1.zip", Some(SHA), is_yanked)]),
            "{page}"
        );
    }
    for hashes in ["{}", "{\"md5\":\"12\"}", "{\"sha256\":\"12\"}"] {
        assert_eq!(of_json(entry("", hashes).as_bytes()).expect(hashes)[0].sha256, None);
    }
    for page in ["", "<html>", "{}", "{\"files\":{}}", "{\"files\":[{\"url\":\"x\"}]}"] {
        assert_eq!(of_json(page.as_bytes()).expect_err(page).reason(), "index-answer");
    }
}

proptest! {
    #[test]
    fn any_page_is_read(page in proptest::collection::vec(any::<u8>(), 0..300), link in "[ -~]{0,40}") {
        let _ = (of_json(&page), of_html(&page, AT));
        for found in of_html(format!("<a href=\"{link}\">").as_bytes(), AT) {
            prop_assert!(reqwest::Url::parse(&found.url).is_ok());
        }
    }
}
