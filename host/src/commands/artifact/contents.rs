//! `artifact list-contents`

use std::fmt::Write;

use spec_artifact::{ContentEntry, ContentKind, SplitRules};
use spec_model::DomainSelection;

use super::target::ArtifactTargets;
use crate::app::App;
use crate::cli::Deps;
use crate::commands::print;
use crate::error::CommandResult;

/// Lists the files of artifacts.
pub(super) fn run(app: &App, long: bool, artifacts: &[String]) -> CommandResult {
    let targets = ArtifactTargets::find(app, artifacts, Deps::None)?;
    let everything = SplitRules::default().filter(&DomainSelection::default());
    let mut text = String::new();
    for target in &targets.found {
        let entries = targets.artifacts.list_contents(target.cached()?, &everything)?;
        let _ = writeln!(text, "  {}:", target.shown);
        for entry in &entries {
            let _ = writeln!(text, "\t{}", if long { with_mode(entry) } else { entry.path.clone() });
        }
        if entries.is_empty() {
            let _ = writeln!(text, "\tThis element has no associated artifacts");
        }
    }
    // BuildStream ends its list with an empty line, which scripts see.
    print(&(text + "\n"))
}

/// The entry with its mode, type and size, in BuildStream's columns.
fn with_mode(entry: &ContentEntry) -> String {
    let (mode, what, target) = match &entry.kind {
        ContentKind::File { executable: true, .. } => ("-rwxr-xr-x", "exe", String::new()),
        ContentKind::File { .. } => ("-rw-r--r--", "reg", String::new()),
        ContentKind::Directory => ("drwxr-xr-x", "dir", String::new()),
        ContentKind::Symlink { target } => ("lrwxrwxrwx", "link", format!(" -> {target}")),
    };
    format!("{mode}  {what:<7}{:<11} {}{target}", entry.size(), entry.path)
}

#[cfg(test)]
mod tests;
