use super::*;

#[test]
fn addresses() {
    for (text, uri) in [
        ("http://localhost:80", Some("http://localhost:80")),
        ("grpc://127.0.0.1:80/", Some("http://127.0.0.1:80")),
        ("https://example.org", Some("https://example.org")),
        ("grpcs://[::1]:443", Some("https://[::1]:443")),
        ("unix:/run/a", Some("unix:/run/a")),
        ("unix:///run/a", Some("unix:/run/a")),
        ("localhost:80", None),
        ("ftp://localhost", None),
        ("http://", None),
        ("http://:80", None),
        ("http://a:x", None),
        ("http://a/b", None),
        ("unix:", None),
    ] {
        let address = text.parse::<Address>();
        assert_eq!(address.ok().map(|address| address.uri()).as_deref(), uri, "{text}");
    }
}

#[test]
fn only_this_machine_is_local() {
    for (text, local) in [
        ("http://localhost:80", true),
        ("grpcs://127.0.0.2", true),
        ("http://[::1]:80", true),
        ("unix:a", true),
        ("http://localhost.example.org", false),
        ("https://example.org", false),
    ] {
        assert_eq!(text.parse::<Address>().expect(text).is_local(), local, "{text}");
    }
}

#[test]
fn a_server_with_tls_has_a_name_and_a_port() {
    for (text, expect) in [
        ("https://cache.example.org", Some(("cache.example.org", 443))),
        ("grpcs://cache.example.org:11001", Some(("cache.example.org", 11001))),
        ("https://[::1]:8980", Some(("::1", 8980))),
        ("http://cache.example.org:80", None),
        ("unix:/run/socket", None),
    ] {
        let address: Address = text.parse().expect(text);
        assert_eq!(address.tls_host(), expect, "{text}");
    }
}
