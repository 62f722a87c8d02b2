//! The files of Go that say which modules a program needs: `go.sum`, `go.mod` and `vendor/modules.txt`, and the page that
//! says which repository has a module.

use html5gum::{Token, Tokenizer};

/// What is wrong with a file, and in which line, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GoFileError {
    pub(crate) line: usize,
    pub(crate) why: String,
}

/// The version of a module in a `go.sum`; `None` if the file does not name the module.
pub(crate) fn version_in_sum<'t>(text: &'t str, module: &str) -> Result<Option<&'t str>, GoFileError> {
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            // Of these only the `go.mod` is known.
            [_, version, _] if version.ends_with("/go.mod") || version.ends_with("/go.sum") => {}
            [found, version, _] if found == module => return Ok(Some(version)),
            [_, _, _] => {}
            _ => {
                let why = "it is not a module, its version and a checksum".to_owned();
                return Err(GoFileError { line: index + 1, why });
            }
        }
    }
    Ok(None)
}

/// What a `go.mod` says of the modules that it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GoMod<'t> {
    /// Those that it names.
    explicit: Vec<&'t str>,
    /// Modules that replace others: name and version, then those of the replaced one.
    replacements: Vec<[&'t str; 4]>,
}

impl<'t> GoMod<'t> {
    /// Reads a file by the rules of BuildStream's plugin, which knows one form of `replace`.
    pub(crate) fn parse(text: &'t str) -> Result<Self, GoFileError> {
        let mut found = Self::default();
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [module, version, ..] = words[..]
                && version.starts_with('v')
            {
                found.explicit.push(module);
            }
            match words[..] {
                ["replace", old, version, _, new, new_version] => {
                    found.replacements.push([new, new_version, old, version]);
                }
                ["replace", _, _, _, ..] => {
                    let why = "expected 'replace MODULE VERSION => MODULE VERSION'".to_owned();
                    return Err(GoFileError { line: index + 1, why });
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// What a ref says of a module.
    pub(crate) fn of_ref(module: &'t str, is_explicit: bool) -> Self {
        Self { explicit: is_explicit.then_some(module).into_iter().collect(), replacements: Vec::new() }
    }

    /// The module, and its version, that `module` replaces; itself if it replaces none.
    pub(crate) fn original<'a>(&self, module: &'a str, version: &'a str) -> (&'a str, &'a str)
    where
        't: 'a,
    {
        let found = self
            .replacements
            .iter()
            .rev()
            .find(|[new, new_version, ..]| *new == module && *new_version == version);
        found.map_or((module, version), |[.., old, old_version]| (*old, *old_version))
    }

    /// The lines of `vendor/modules.txt` that name a module, before those of its packages. `go` is the line of its own `go.mod` with
    /// the version of the language.
    pub(crate) fn heading(&self, module: &str, version: &str, go: Option<&str>) -> String {
        let (original, original_version) = self.original(module, version);
        if !self.explicit.contains(&original) {
            return format!("# {module}\n");
        }
        let go = go.map(|go| format!("; {go}")).unwrap_or_default();
        match (original, original_version) == (module, version) {
            true => format!("# {module} {version}\n## explicit{go}\n"),
            false => format!("# {original} {original_version} => {module} {version}\n## explicit{go}\n"),
        }
    }
}

/// The line of a `go.mod` that says which version of the language it needs.
pub(crate) fn go_line(text: &str) -> Option<&str> {
    text.lines().find(|line| line.starts_with("go "))
}

/// The module at the root of the repository that a page names as that of a module.
pub(crate) fn root_module(page: &str) -> Option<String> {
    let mut found = None;
    for Ok(token) in Tokenizer::new(page) {
        let Token::StartTag(tag) = token else { continue };
        let value = |name: &[u8]| {
            let value =
                tag.attributes.iter().find(|(found, _)| found.as_slice() == name).map(|(_, value)| value);
            value.map(|value| String::from_utf8_lossy(value).into_owned())
        };
        if tag.name.as_slice() == b"meta" && value(b"name").as_deref() == Some("go-import") {
            let content = value(b"content").unwrap_or_default();
            let words: Vec<&str> = content.split_whitespace().collect();
            if let [module, _, _] = words[..] {
                found = Some(module.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
