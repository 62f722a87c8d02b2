use super::resolve_url;

#[test]
fn relative_urls_count_from_the_repository() {
    for (base, url, expect) in [
        ("https://h/a/b.git", "../c.git", "https://h/a/c.git"),
        ("https://h/a/b.git/", "./c", "https://h/a/b.git/c"),
        ("up:b.git", "../c.git", "up:c.git"),
        ("up:a/b.git", "../../c.git", "up:c.git"),
        ("https://h/a", "https://other/x", "https://other/x"),
    ] {
        assert_eq!(resolve_url(base, url), expect, "{base} {url}");
    }
}
