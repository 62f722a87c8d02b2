//! Paths in the sandbox, as text: a plugin sees no files.

/// `path` below `base`, or `path` itself when it is absolute; like Python's `os.path.join`.
#[must_use]
pub fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    format!("{}/{path}", base.trim_end_matches('/'))
}

/// The absolute form of a path as seen from `/`: without `.`, `..` and doubled slashes. It cannot leave `/`.
#[must_use]
pub fn absolute(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

/// `path`, seen from `/`, moved below the absolute `base`. It cannot leave `base`.
#[must_use]
pub fn below(base: &str, path: &str) -> String {
    match absolute(path).as_str() {
        "/" => base.to_owned(),
        path => format!("{base}{path}"),
    }
}

#[cfg(test)]
mod tests;
