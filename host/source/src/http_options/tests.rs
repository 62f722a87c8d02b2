use super::*;

fn check(variables: &[(&str, &str)], http: Option<&str>, https: Option<&str>, except: &str) {
    let lookup =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let proxies = Proxies::from_environment(lookup);
    let value = |proxy: &Option<(&str, String)>| proxy.as_ref().map(|(_, value)| value.clone());
    assert_eq!(value(&proxies.http).as_deref(), http, "{variables:?}");
    assert_eq!(value(&proxies.https).as_deref(), https, "{variables:?}");
    assert_eq!(proxies.except, except, "{variables:?}");
}

#[test]
fn variables_are_read_as_curl_reads_them() {
    check(&[], None, None, "");
    check(&[("http_proxy", "http://p:1")], Some("http://p:1"), None, "");
    check(&[("HTTPS_PROXY", "p:1")], None, Some("http://p:1"), "");
    check(&[("HTTP_PROXY", "a"), ("http_proxy", "b")], Some("http://b"), None, "");
    check(&[("HTTP_PROXY", "a"), ("REQUEST_METHOD", "GET")], None, None, "");
    check(&[("ALL_PROXY", "socks5h://p"), ("http_proxy", "q")], Some("http://q"), Some("socks5h://p"), "");
    check(&[("all_proxy", "p"), ("http_proxy", "")], None, Some("http://p"), "");
    check(&[("all_proxy", "p"), ("no_proxy", "*")], None, None, "");
    check(
        &[("no_proxy", "a.org, .b.org  10.0.0.0/8,"), ("NO_PROXY", "x")],
        None,
        None,
        "a.org,.b.org,10.0.0.0/8",
    );
}
