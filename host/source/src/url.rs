//! URLs with aliases, as BuildStream writes and resolves them.

use std::path::PathBuf;

/// The value of an alias of project.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alias {
    /// The start of the URL that replaces `ALIAS:`.
    pub url: String,
    /// The same in the project's mirrors, the preferred one first.
    pub mirrors: Vec<String>,
}

/// Why an alias cannot be used, although it may exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasRefusal {
    /// A stable code.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

/// An alias that cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AliasProblem {
    /// There is none of this name.
    Unknown(String),
    /// It is not to be used.
    Refused(AliasRefusal),
}

/// A URL as written and as resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AliasedUrl {
    /// As written; keys and names of download folders use this.
    pub(crate) original: String,
    /// With the alias replaced.
    pub(crate) resolved: String,
    /// The same in mirrors.
    pub(crate) mirrors: Vec<String>,
    /// Whether it was written in full.
    pub(crate) unaliased: bool,
}

/// Names before a colon that BuildStream takes for schemes of URLs, never for unknown aliases.
pub(crate) const SCHEMES: [&str; 7] = ["http", "https", "ftp", "file", "git", "sftp", "ssh"];

impl AliasedUrl {
    /// A URL that is written in full.
    pub(crate) fn plain(url: &str) -> Self {
        let (original, resolved) = (url.to_owned(), url.to_owned());
        Self { original, resolved, mirrors: Vec::new(), unaliased: true }
    }

    /// Resolves `original`.
    pub(crate) fn new(
        original: &str,
        alias: impl Fn(&str) -> Result<Option<Alias>, AliasRefusal>,
    ) -> Result<Self, AliasProblem> {
        let plain = || Self::plain(original);
        let Some((name, body)) = original.split_once(':') else {
            return Ok(plain());
        };
        let is_scheme = SCHEMES.contains(&name.to_lowercase().as_str());
        match alias(name) {
            Ok(Some(Alias { url, mirrors })) => Ok(Self {
                original: original.to_owned(),
                resolved: url + body,
                mirrors: mirrors.into_iter().map(|mirror| mirror + body).collect(),
                unaliased: is_scheme,
            }),
            Ok(None) | Err(_) if is_scheme => Ok(plain()),
            Ok(None) => Err(AliasProblem::Unknown(name.to_owned())),
            Err(refusal) => Err(AliasProblem::Refused(refusal)),
        }
    }

    /// The URLs to fetch from: mirrors first.
    pub(crate) fn fetch_order(&self) -> impl Iterator<Item = &str> {
        self.mirrors.iter().chain([&self.resolved]).map(String::as_str)
    }

    /// The URLs to track: mirrors last.
    pub(crate) fn track_order(&self) -> impl Iterator<Item = &str> {
        [&self.resolved].into_iter().chain(self.mirrors.iter().rev()).map(String::as_str)
    }

    /// The directory of its downloads, as BuildStream names it.
    pub(crate) fn directory_name(&self) -> String {
        directory_name(&self.original)
    }
}

/// The name of the folder for what was downloaded from a URL, as BuildStream makes it.
pub(crate) fn directory_name(url: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || c == '%';
    url.chars().map(|c| if keep(c) { c } else { '_' }).collect()
}

/// How a URL is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UrlTarget {
    /// As a file of this machine.
    File(PathBuf),
    /// From a server that speaks HTTP.
    Http,
    /// From a server that speaks FTP.
    Ftp,
}

impl UrlTarget {
    /// Decides by the scheme; the error says what is wrong.
    pub(crate) fn of(url: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err("it has no scheme".to_owned());
        };
        match scheme.to_lowercase().as_str() {
            "http" | "https" => check_http(url).map(|()| Self::Http),
            "ftp" => check_http(url).and_then(|()| check_ftp(url)).map(|()| Self::Ftp),
            "file" => file_path(rest).map(Self::File).map_err(str::to_owned),
            _ => Err("its scheme is not supported".to_owned()),
        }
    }
}

/// What URLs of files may be.
pub(crate) const EXPECTED: &str = "a file, ftp, http or https URL";
/// What URLs of servers that answer questions may be.
pub(crate) const EXPECTED_OF_SERVICES: &str = "an http or https URL";

/// The path of a file that an `ftp:` URL names, from the folder where the login leads.
pub(crate) fn ftp_path(url: &reqwest::Url) -> Option<String> {
    let path = url.path().strip_prefix('/')?;
    // The type that RFC 1738 lets URLs have. Files are always read as they are.
    let path = path.rsplit_once(";type=").map_or(path, |(path, _)| path);
    let path = String::from_utf8(percent_decoded(path.as_bytes())).ok()?;
    (!path.is_empty() && !path.ends_with('/') && !path.contains(char::is_control)).then_some(path)
}

/// Refuses what the commands of FTP, which are lines, cannot say.
fn check_ftp(url: &str) -> Result<(), String> {
    let parsed = reqwest::Url::parse(url).map_err(|error| error.to_string())?;
    let login = [parsed.username(), parsed.password().unwrap_or_default()];
    if login.iter().any(|text| percent_decoded(text.as_bytes()).iter().any(u8::is_ascii_control)) {
        return Err("its login has a control character".to_owned());
    }
    ftp_path(&parsed).map(drop).ok_or_else(|| "its path names no file".to_owned())
}

/// Refuses URLs that cannot be requested. Other invalid characters are escaped as browsers do.
fn check_http(url: &str) -> Result<(), String> {
    if let Some((at, wrong)) = url.chars().enumerate().find(|(_, c)| !c.is_ascii_graphic()) {
        let written: String = wrong.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let what = match wrong {
            ' ' => "a space".to_owned(),
            c => format!("the character '{}'", c.escape_debug()),
        };
        return Err(format!("a URL must not have {what} (character {}); expected {written} for it", at + 1));
    }
    let parsed = reqwest::Url::parse(url).map_err(|error| error.to_string())?;
    if parsed.has_host() { Ok(()) } else { Err("it has no host".to_owned()) }
}

/// Whether git takes a text without `://` for an address over ssh: its colon comes before a slash.
pub(crate) fn is_short(url: &str) -> bool {
    let host = url.split('/').next().unwrap_or_default();
    !url.contains("://") && host.contains(':') && !host.starts_with(':')
}

/// The URL for messages: without a password or token.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match secret_login(scheme, rest) {
        "" => url.to_owned(),
        login => format!("{scheme}://***{}", &rest[login.len()..]),
    }
}

/// What messages must not show of a URL: what is before the machine in the part that follows `://`. Over ssh a name alone is part of
/// the address: it logs in with a key.
#[must_use]
pub fn secret_login<'u>(scheme: &str, rest: &'u str) -> &'u str {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let login = &rest[..rest[..end].rfind('@').unwrap_or(0)];
    if scheme.ends_with("ssh") && !login.contains(':') { "" } else { login }
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

pub(crate) fn percent_decoded(text: &[u8]) -> Vec<u8> {
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
mod tests;
