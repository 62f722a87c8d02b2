//! Which proxy requests go through.

/// Proxies, as the variables of the environment name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The variable and the proxy of `http:` URLs.
    pub(super) http: Option<(&'static str, String)>,
    /// The variable and the proxy of `https:` URLs.
    pub(super) https: Option<(&'static str, String)>,
    /// The hosts that are asked without a proxy, separated by commas.
    pub(super) except: String,
}

impl Proxies {
    /// The proxies of an environment in which `lookup` finds variables: `http_proxy`, `https_proxy`, `all_proxy`,
    /// `no_proxy`, each also in capitals. As for curl, one in small letters goes before one in capitals, one for the
    /// scheme before `all_proxy`, and an empty one means that there is no proxy.
    #[must_use]
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            let (name, value) = names.iter().find_map(|name| Some((*name, lookup(name)?)))?;
            (!value.trim().is_empty()).then(|| (name, with_scheme(value.trim())))
        };
        // What runs as a CGI program has HTTP_PROXY from the client's header 'Proxy'.
        let cgi = lookup("REQUEST_METHOD").is_some();
        let http: &[_] = match cgi {
            true => &["http_proxy", "all_proxy", "ALL_PROXY"],
            false => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        };
        let except = lookup("no_proxy").or_else(|| lookup("NO_PROXY")).unwrap_or_default();
        let except: Vec<&str> = except.split([',', ' ', '\t']).filter(|name| !name.is_empty()).collect();
        if except.contains(&"*") {
            return Self::default();
        }
        Self {
            http: first(http),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except: except.join(","),
        }
    }
}

fn with_scheme(proxy: &str) -> String {
    if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], http: Option<&str>, https: Option<&str>, except: &str) {
        let lookup = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
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
        check(
            &[("ALL_PROXY", "socks5h://p"), ("http_proxy", "q")],
            Some("http://q"),
            Some("socks5h://p"),
            "",
        );
        check(&[("all_proxy", "p"), ("http_proxy", "")], None, Some("http://p"), "");
        check(&[("all_proxy", "p"), ("no_proxy", "*")], None, None, "");
        check(
            &[("no_proxy", "a.org, .b.org  10.0.0.0/8,"), ("NO_PROXY", "x")],
            None,
            None,
            "a.org,.b.org,10.0.0.0/8",
        );
    }
}
