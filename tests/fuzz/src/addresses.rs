//! URLs of sources and addresses of servers.

use spec_remote::{Address, fuzzing::uri};
use spec_source::fuzzing::locate;

/// The input is a URL, an alias, and the value of the alias.
pub fn run(data: &[u8]) {
    let Some([url, alias, base]) = crate::texts(data) else { return };
    if let Some((resolved, folder, _)) = locate(url, alias, base) {
        assert!(resolved == url || resolved.starts_with(base), "{url:?} became {resolved:?}");
        assert!(!folder.contains('/') && folder.chars().count() == url.chars().count(), "{folder:?}");
    }
    if let Ok(address) = url.parse::<Address>() {
        assert_eq!(address.to_string(), url);
        let again = uri(&address).parse::<Address>();
        let again = again.unwrap_or_else(|error| panic!("{error}: what became of {url:?}"));
        assert_eq!([again.is_tls(), again.is_local()], [address.is_tls(), address.is_local()]);
        // Of the slashes that a path begins with, two may be those of a URL.
        assert!(uri(&again) == uri(&address) || url.starts_with("unix:"), "{url:?}");
    }
}

/// URLs and addresses of every form.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    [
        ["up:a/b-1.0.tar", "up", "https://up.org/"],
        ["file:///a/b%20c", "", ""],
        ["HTTP://h/%20", "http", "x"],
        ["grpcs://[::1]:443/", "", ""],
        ["unix:///run/a", "", ""],
        ["grpc://localhost:80", "", ""],
    ]
    .map(|texts| crate::joined(&texts))
    .into()
}
