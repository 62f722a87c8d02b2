use super::*;

#[test]
fn addresses() {
    for (text, expect) in [
        ("127.0.0.1:80", Some(Address::Tcp("127.0.0.1:80".to_owned()))),
        ("[::1]:0", Some(Address::Tcp("[::1]:0".to_owned()))),
        ("unix:/a/b", Some(Address::Unix("/a/b".into()))),
        ("unix:///a/b", Some(Address::Unix("/a/b".into()))),
        ("unix:a", Some(Address::Unix("a".into()))),
        ("unix:", None),
        ("localhost", None),
        (":80", None),
        ("host:99999", None),
    ] {
        assert_eq!(text.parse().ok(), expect, "{text}");
    }
}
