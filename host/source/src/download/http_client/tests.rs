use super::*;

fn password_at(first: &str, at: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("netrc");
    let text = "machine a.org login a password of-a\nmachine b.org login b password of-b\n\
                machine ::1 login c password of-c\ndefault login d password of-default";
    std::fs::write(&file, text).expect("the folder is new");
    let netrc = Netrc::read(&file).expect("it is right");
    let [first, at] = [first, at].map(|url| Url::parse(url).expect("it is a URL"));
    Hop { first: &first, at: &at }.entry(&netrc).and_then(|entry| entry.password.clone())
}

#[test]
fn passwords_go_to_the_server_that_was_named() {
    for (first, at, expect) in [
        ("http://a.org/x", "http://a.org/x", Some("of-a")),
        ("http://A.org:80/x", "http://a.org/y", Some("of-a")),
        ("https://c.org/x", "https://c.org/y", Some("of-default")),
        ("http://[::1]:8080/x", "http://[::1]:8080/x", Some("of-c")),
        ("http://me:pw@a.org/x", "http://me:pw@a.org/x", None),
        // After a redirect.
        ("http://a.org/x", "http://b.org/x", Some("of-b")),
        ("http://a.org/x", "http://c.org/x", None),
        ("http://a.org/x", "http://a.org:8080/x", None),
        ("http://a.org/x", "https://a.org/x", Some("of-a")),
        ("http://a.org/x", "https://a.org:8443/x", None),
        ("https://a.org/x", "http://a.org/x", None),
        ("https://a.org/x", "http://b.org/x", None),
        ("https://a.org/x", "https://b.org/x", Some("of-b")),
    ] {
        assert_eq!(password_at(first, at).as_deref(), expect, "{first} {at}");
    }
}

#[test]
fn challenges() {
    for (header, scheme, expect) in [
        ("Basic realm=\"x\"", "basic", true),
        ("Bearer realm=\"basic\"", "basic", false),
        ("Digest qop=\"auth\", basic realm=\"y\"", "basic", true),
        ("Negotiate, Basic", "basic", true),
        ("", "basic", false),
    ] {
        assert_eq!(offers(&HeaderValue::from_static(header), scheme), expect, "{header}");
    }
}

#[test]
fn redirects_stay_on_the_web() {
    let from = Url::parse("http://a.org/x/y?z").expect("it is a URL");
    for (to, expect) in [
        ("/e", Some("http://a.org/e")),
        ("e", Some("http://a.org/x/e")),
        ("//b.org/e", Some("http://b.org/e")),
        ("https://b.org/e", Some("https://b.org/e")),
        ("file:///etc/passwd", None),
        ("http://", None),
    ] {
        let next = follow(&from, &HeaderValue::from_static(to)).ok();
        assert_eq!(next.as_ref().map(Url::as_str), expect, "{to}");
    }
}
