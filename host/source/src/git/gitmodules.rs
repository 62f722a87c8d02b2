//! Reads `.gitmodules`: the paths and URLs of submodules.

use super::git_config::{ConfigSection, sections};

/// A submodule as the file declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModuleEntry {
    pub(crate) path: String,
    pub(crate) url: Option<String>,
}

/// The submodules that a file declares, in order. Others of its lines are ignored, as are entries without a path.
pub(crate) fn parse_gitmodules(text: &str) -> Vec<ModuleEntry> {
    let modules = sections(text).into_iter().filter(|section| section.name == "submodule");
    let entry = |section: ConfigSection| {
        let path = section.get("path")?.trim_end_matches('/').to_owned();
        Some(ModuleEntry { path, url: section.get("url").map(str::to_owned) })
    };
    modules.filter_map(entry).collect()
}

#[cfg(test)]
mod tests;
