//! URLs with aliases, as BuildStream writes and resolves them.

use std::path::PathBuf;

/// What an alias of project.conf stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alias {
    /// The start of the URL that replaces `ALIAS:`.
    pub url: String,
    /// The same in the project's mirrors, the preferred one first.
    pub mirrors: Vec<String>,
}

/// A URL as written and as resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// As written; this is what keys and mirror directories are made of.
    pub(crate) original: String,
    /// With the alias replaced.
    pub(crate) url: String,
    /// The same in mirrors.
    pub(crate) mirrors: Vec<String>,
    /// Whether it was written in full.
    pub(crate) unaliased: bool,
}

/// What BuildStream never takes for the name of an unknown alias.
const SCHEMES: [&str; 7] = ["http", "https", "ftp", "file", "git", "sftp", "ssh"];

impl Location {
    /// Resolves `original`; the error is the name of an alias that does not exist.
    pub(crate) fn new(original: &str, alias: impl Fn(&str) -> Option<Alias>) -> Result<Self, String> {
        let plain = || Self {
            original: original.to_owned(),
            url: original.to_owned(),
            mirrors: Vec::new(),
            unaliased: true,
        };
        let Some((name, body)) = original.split_once(':') else {
            return Ok(plain());
        };
        match alias(name) {
            Some(Alias { url, mirrors }) => Ok(Self {
                original: original.to_owned(),
                url: url + body,
                mirrors: mirrors.into_iter().map(|mirror| mirror + body).collect(),
                unaliased: SCHEMES.contains(&name.to_lowercase().as_str()),
            }),
            None if SCHEMES.contains(&name.to_lowercase().as_str()) => Ok(plain()),
            None => Err(name.to_owned()),
        }
    }

    /// Where to fetch from: mirrors first.
    pub(crate) fn to_fetch(&self) -> impl Iterator<Item = &str> {
        self.mirrors.iter().chain([&self.url]).map(String::as_str)
    }

    /// Where to track: mirrors last.
    pub(crate) fn to_track(&self) -> impl Iterator<Item = &str> {
        [&self.url].into_iter().chain(self.mirrors.iter().rev()).map(String::as_str)
    }

    /// The directory of its downloads, as BuildStream names it.
    pub(crate) fn directory_name(&self) -> String {
        let keep = |c: char| c.is_ascii_alphanumeric() || c == '%';
        self.original.chars().map(|c| if keep(c) { c } else { '_' }).collect()
    }
}

/// How to get at a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// It is a file of this machine.
    File(PathBuf),
    /// A server has it.
    Http,
}

impl Target {
    /// Tells by the scheme; the error says what is wrong.
    pub(crate) fn of(url: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err("it has no scheme".to_owned());
        };
        match scheme.to_lowercase().as_str() {
            "http" | "https" => check_http(url).map(|()| Self::Http),
            "file" => file_path(rest).map(Self::File).map_err(str::to_owned),
            _ => Err("its scheme is not supported".to_owned()),
        }
    }
}

/// Refuses what no server could be asked for. What else a URL must not have is written as browsers do.
fn check_http(url: &str) -> Result<(), String> {
    if let Some((at, wrong)) = url.chars().enumerate().find(|(_, c)| !c.is_ascii_graphic()) {
        let written: String = wrong.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let what = match wrong {
            ' ' => "a space".to_owned(),
            c => format!("the character '{}'", c.escape_debug()),
        };
        return Err(format!("a URL must not have {what} (character {}); write it as {written}", at + 1));
    }
    let parsed = reqwest::Url::parse(url).map_err(|error| error.to_string())?;
    if parsed.has_host() { Ok(()) } else { Err("it has no host".to_owned()) }
}

/// The URL as it may be told: without a password or token.
pub(crate) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{path}"),
        None => url.to_owned(),
    }
}

fn file_path(rest: &str) -> Result<PathBuf, &'static str> {
    use std::os::unix::ffi::OsStringExt;
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(rest),
        None => rest,
    };
    if !path.starts_with('/') {
        return Err("a file URL needs an absolute path, as in file:///PATH");
    }
    Ok(std::ffi::OsString::from_vec(percent_decoded(path.as_bytes())).into())
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, more @ ..] = rest {
        let digit = |at: usize| more.get(at).and_then(|c| char::from(*c).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high << 4 | low) as u8);
                rest = &more[2..];
            }
            _ => {
                decoded.push(*first);
                rest = more;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(name: &str) -> Option<Alias> {
        let mirrors = vec!["https://mirror/".to_owned()];
        (name == "up").then(|| Alias { url: "https://up.org/".to_owned(), mirrors })
    }

    #[test]
    fn aliases_are_replaced() -> Result<(), String> {
        let location = Location::new("up:a/b.tar", alias)?;
        assert_eq!(location.url, "https://up.org/a/b.tar");
        assert_eq!(location.to_fetch().next(), Some("https://mirror/a/b.tar"));
        assert_eq!(location.to_track().next(), Some("https://up.org/a/b.tar"));
        assert!(!location.unaliased);
        assert_eq!(Location::new("down:a", alias), Err("down".to_owned()));
        assert!(Location::new("HTTP://a/b", alias)?.unaliased);
        Ok(())
    }

    #[test]
    fn mirror_directories_are_named_as_buildstream_names_them() -> Result<(), String> {
        let name = |url| Location::new(url, alias).map(|location| location.directory_name());
        assert_eq!(name("up:a/b-1.0.tar")?, "up_a_b_1_0_tar");
        assert_eq!(name("http://h/%20é?x")?, "http___h_%20__x");
        Ok(())
    }

    #[test]
    fn targets() {
        let file = |path: &str| Ok(Target::File(path.into()));
        for (url, expect) in [
            ("http://h/a", Ok(Target::Http)),
            ("HTTPS://h/a", Ok(Target::Http)),
            ("file:///a/b%20c", file("/a/b c")),
            ("file://localhost/a", file("/a")),
            ("file:/a", file("/a")),
            ("file:///a%2", file("/a%2")),
            ("file:///a b", file("/a b")),
            ("file://host/a", Err("a file URL needs an absolute path, as in file:///PATH")),
            ("ftp://h/a", Err("its scheme is not supported")),
            ("a.tar", Err("it has no scheme")),
            ("http://h/a b", Err("a URL must not have a space (character 11); write it as %20")),
            (
                "http://h/\u{e9}",
                Err("a URL must not have the character 'é' (character 10); write it as %C3%A9"),
            ),
            ("http://h/a\tb", Err("a URL must not have the character '\\t' (character 11); write it as %09")),
            (
                "http://h/\x1b",
                Err("a URL must not have the character '\\u{1b}' (character 10); write it as %1B"),
            ),
            ("http://h:99999/", Err("invalid port number")),
            ("http:///", Err("empty host")),
            ("https://h/%20?a={b}|[c]", Ok(Target::Http)),
        ] {
            assert_eq!(Target::of(url), expect.map_err(str::to_owned), "{url}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, expect) in [
            ("http://h/a@b:c", "http://h/a@b:c"),
            ("http://me:secret@h:80/a", "http://***@h:80/a"),
            ("http://token@h", "http://***@h"),
            ("file:/a", "file:/a"),
        ] {
            assert_eq!(shown(url), expect);
        }
    }
}
