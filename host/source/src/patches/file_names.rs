//! Which file a change is about, by the names in its header.

use super::unified_diff::FilePatch;

/// The names in the header of a change, stripped.
#[derive(Debug)]
pub(super) struct PatchNames {
    usable: Vec<String>,
    written: Vec<String>,
}

impl PatchNames {
    pub(super) fn of(file: &FilePatch, strip: usize) -> Self {
        let written = [&file.old.name, &file.new.name, &file.index].into_iter().flatten().cloned();
        let written: Vec<String> = written.collect();
        let mut usable: Vec<String> = Vec::new();
        for name in written.iter().filter_map(|name| clean(name, strip)) {
            if !usable.contains(&name) {
                usable.push(name);
            }
        }
        Self { usable, written }
    }

    /// Those that may be used, in order.
    pub(super) fn usable(&self) -> &[String] {
        &self.usable
    }

    /// For people: the stripped names, or those in the patch when none is left.
    pub(super) fn shown(&self) -> String {
        let names = if self.usable.is_empty() { &self.written } else { &self.usable };
        let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        names.join(" and ")
    }
}

/// A name without so many directories; `None` when it has fewer, or leads elsewhere.
pub(super) fn clean(name: &str, strip: usize) -> Option<String> {
    let mut rest = name;
    for _ in 0..strip {
        rest = rest.split_once('/')?.1.trim_start_matches('/');
    }
    let leads_out = rest.starts_with('/') || rest.split('/').any(|part| part == "..");
    let parts: Vec<&str> = rest.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let is_git = parts.first().is_some_and(|part| part.eq_ignore_ascii_case(".git"));
    (!leads_out && !is_git && !parts.is_empty()).then(|| parts.join("/"))
}

/// The name that GNU patch takes: with the fewest directories, then the shortest last part, then the shortest.
pub(super) fn best_name(names: &[String]) -> Option<String> {
    let rank = |name: &&String| {
        let last = name.rsplit('/').next().unwrap_or_default();
        (name.split('/').count(), last.len(), name.len())
    };
    names.iter().min_by_key(rank).cloned()
}

#[cfg(test)]
mod tests;
