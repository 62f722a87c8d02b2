//! The environment variables that the configuration uses.

use std::path::{Path, PathBuf};

use spec_session::remotes::CredentialPaths;

use crate::error::{CommandError, CommandResult};

type Lookup = dyn Fn(&str) -> Option<String>;

/// Variables that name folders of the user, and their defaults below the home. A relative path is ignored, as the XDG Base
/// Directory Specification demands.
const FOLDERS: [(&str, &str); 3] =
    [("XDG_CACHE_HOME", ".cache"), ("XDG_CONFIG_HOME", ".config"), ("XDG_DATA_HOME", ".local/share")];

/// Variables of the environment, as a value so that tests can use others.
pub(crate) struct Environment {
    lookup: Box<Lookup>,
    /// The home of the user's account, used when no variable names it.
    account: String,
}

impl Environment {
    /// The environment of this process.
    pub(crate) fn process() -> Self {
        let mut process = Self::new(|name| std::env::var(name).ok());
        if process.set("HOME").is_none()
            && let Some(home) = std::env::home_dir().filter(|home| home.is_absolute())
        {
            process.account = home.to_string_lossy().into_owned();
        }
        process
    }

    /// An environment in which `lookup` finds variables.
    pub(crate) fn new(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self { lookup: Box::new(lookup), account: "/".to_owned() }
    }

    /// Refuses an environment that does not determine where caches and configuration files are.
    ///
    /// # Errors
    /// `relative-home`.
    pub(crate) fn check(&self) -> CommandResult {
        let home = self.home();
        let needed = ["XDG_CACHE_HOME", "XDG_CONFIG_HOME"].iter().any(|name| self.folder(name).is_none());
        if Path::new(&home).is_absolute() || !needed {
            return Ok(());
        }
        let message =
            format!("HOME is '{home}', which is not an absolute path, so the cache would be anywhere");
        Err(CommandError::usage("relative-home", message)
            .hint("set HOME to the absolute path of your home, or both XDG_CACHE_HOME and XDG_CONFIG_HOME"))
    }

    /// A warning for each variable that is ignored: its value, and what is used instead.
    pub(crate) fn ignored(&self) -> Vec<String> {
        let relative = |name: &&str| self.set(name).is_some() && self.folder(name).is_none();
        let text = |name: &str| {
            let (set, used) = (self.set(name).unwrap_or_default(), self.value(name).unwrap_or_default());
            format!("{name} is '{set}', which is not an absolute path, so it is ignored; {used} is used")
        };
        ["XDG_CACHE_HOME", "XDG_CONFIG_HOME"].into_iter().filter(relative).map(text).collect()
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

    /// The user's folder.
    pub(crate) fn home_folder(&self) -> PathBuf {
        PathBuf::from(self.home())
    }

    /// From where files with credentials of the user configuration are named: as for BuildStream, the working directory.
    pub(crate) fn credential_paths(&self) -> CredentialPaths {
        CredentialPaths { base: PathBuf::new(), home: self.home_folder() }
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
        match FOLDERS.iter().find(|(folder, _)| *folder == name) {
            Some((_, below)) => self.folder(name).or_else(|| Some(format!("{}/{below}", self.home()))),
            None => self.set(name),
        }
    }

    /// A folder that a variable names by an absolute path.
    fn folder(&self, name: &str) -> Option<String> {
        self.set(name).filter(|folder| Path::new(folder).is_absolute())
    }

    /// A variable that is not empty.
    fn set(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    fn home(&self) -> String {
        self.set("HOME").unwrap_or_else(|| self.account.clone())
    }
}

/// The name at the beginning of the text, and its length in bytes including braces.
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

#[cfg(test)]
mod tests;
