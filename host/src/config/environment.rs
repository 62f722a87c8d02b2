//! What the configuration takes from the process's environment.

use std::path::{Path, PathBuf};

type Lookup = dyn Fn(&str) -> Option<String>;

/// Variables of the environment, so that tests can bring their own.
pub(crate) struct Environment {
    lookup: Box<Lookup>,
}

impl Environment {
    /// The environment of this process.
    pub(crate) fn process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// An environment in which `lookup` finds variables.
    pub(crate) fn new(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self { lookup: Box::new(lookup) }
    }

    /// Where caches are (`XDG_CACHE_HOME`).
    pub(crate) fn cache_home(&self) -> PathBuf {
        PathBuf::from(self.value("XDG_CACHE_HOME").unwrap_or_default())
    }

    /// Where configuration files are (`XDG_CONFIG_HOME`).
    pub(crate) fn config_home(&self) -> PathBuf {
        PathBuf::from(self.value("XDG_CONFIG_HOME").unwrap_or_default())
    }

    /// A variable as it is set.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// The file with passwords of servers: `NETRC`, or the one in the user's folder.
    pub(crate) fn netrc(&self) -> Option<PathBuf> {
        let set = |name: &str| self.variable(name).filter(|value| !value.is_empty());
        let usual = || set("HOME").map(|home| Path::new(&home).join(".netrc"));
        set("NETRC").map(PathBuf::from).or_else(usual)
    }

    /// A path with `~`, `$NAME` and `${NAME}` replaced, as BuildStream does; names that are not set stay as they are.
    pub(crate) fn expand(&self, path: &str) -> PathBuf {
        let with_home = match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.home()),
            _ => path.to_owned(),
        };
        normal(Path::new(&self.replace_names(&with_home)))
    }

    fn replace_names(&self, text: &str) -> String {
        let mut done = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, from_dollar) = rest.split_at(at);
            done.push_str(before);
            let (name, length) = name_after_dollar(&from_dollar[1..]);
            match self.value(name).filter(|_| !name.is_empty()) {
                Some(value) => done.push_str(&value),
                None => done.push_str(&from_dollar[..=length]),
            }
            rest = &from_dollar[1 + length..];
        }
        done + rest
    }

    fn value(&self, name: &str) -> Option<String> {
        let set = (self.lookup)(name).filter(|value| !value.is_empty());
        set.or_else(|| match name {
            "XDG_CACHE_HOME" => Some(format!("{}/.cache", self.home())),
            "XDG_CONFIG_HOME" => Some(format!("{}/.config", self.home())),
            "XDG_DATA_HOME" => Some(format!("{}/.local/share", self.home())),
            _ => None,
        })
    }

    fn home(&self) -> String {
        (self.lookup)("HOME").filter(|home| !home.is_empty()).unwrap_or_else(|| "/".to_owned())
    }
}

/// The name that begins the text, and how many bytes of the text it takes with its braces.
fn name_after_dollar(text: &str) -> (&str, usize) {
    if let Some(inner) = text.strip_prefix('{') {
        return inner.find('}').map_or(("", 0), |end| (&inner[..end], end + 2));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (&text[..end], end)
}

/// The path without `.`, `..` and doubled slashes.
fn normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}
