//! Where the files of a repository are.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::git_config::sections;
use super::super::ssh_address::SshAddress;

/// The URL of the server of files of a repository at a URL, whose `.lfsconfig` may name another one; `None` if there is none.
pub(crate) fn server_url(repository: &str, config: Option<&str>) -> Option<String> {
    if let Some(url) = config.and_then(configured) {
        return Some(url);
    }
    let base = match SshAddress::parse(repository) {
        Some(address) => address.ok()?.https_url(),
        None => repository.to_owned(),
    };
    let base = base.trim_end_matches('/');
    let dot_git = if base.ends_with(".git") { "" } else { ".git" };
    base.starts_with("http").then(|| format!("{base}{dot_git}/info/lfs"))
}

/// A server of files, and the headers with which it is asked.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct LfsLogin {
    #[serde(rename = "href")]
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) header: BTreeMap<String, String>,
}

impl LfsLogin {
    /// What the command `git-lfs-authenticate` prints; `None` if it is none of a server of http or https.
    pub(crate) fn parse(printed: &[u8]) -> Option<Self> {
        serde_json::from_slice(printed).ok().filter(|login: &Self| login.url.starts_with("http"))
    }

    /// A server that is asked with the user's own passwords.
    pub(crate) fn of_url(url: String) -> Self {
        Self { url, header: BTreeMap::new() }
    }
}

/// The `url` of the section `lfs` of a `.lfsconfig`, if it is one of http or https.
pub(crate) fn configured(text: &str) -> Option<String> {
    let sections = sections(text);
    let mut urls = sections
        .iter()
        .rev()
        .filter(|section| section.name == "lfs" && !section.is_of_one)
        .filter_map(|lfs| lfs.get("url"));
    let found = urls.next().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_found() {
        for (repository, config, expect) in [
            ("https://h/a", None, Some("https://h/a.git/info/lfs")),
            ("https://h/a.git/", None, Some("https://h/a.git/info/lfs")),
            ("git@h:a/b.git", None, Some("https://h/a/b.git/info/lfs")),
            ("ssh://git@h:22/a", None, Some("https://h/a.git/info/lfs")),
            ("/a", None, None),
            ("file:///a", None, None),
            ("https://h/a", Some("[lfs]\n\turl = \"https://other/x\"\n"), Some("https://other/x")),
            ("https://h/a", Some("[core]\nurl = https://other/x\n"), Some("https://h/a.git/info/lfs")),
            ("https://h/a", Some("[LFS]\nURL=http://o\n[x]\nurl=y"), Some("http://o")),
            ("https://h/a", Some("[lfs \"x\"]\nurl = http://o\n"), Some("https://h/a.git/info/lfs")),
            ("https://h/a", Some("[lfs] # ours\nurl = http://o/a ; why\n"), Some("http://o/a")),
            ("https://h/a", Some("[lfs]\nurl = file:///etc"), Some("https://h/a.git/info/lfs")),
        ] {
            assert_eq!(server_url(repository, config).as_deref(), expect, "{repository} {config:?}");
        }
    }
}
