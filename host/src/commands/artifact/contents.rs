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
        let _ = writeln!(text, "{}:", target.shown);
        for entry in &entries {
            let _ = writeln!(text, "\t{}", if long { with_mode(entry) } else { entry.path.clone() });
        }
    }
    print(&text)
}

/// The entry as `ls -l` shows it: type and permissions, size, path and the target of a link.
fn with_mode(entry: &ContentEntry) -> String {
    let (letter, target) = match &entry.kind {
        ContentKind::File { .. } => ('-', String::new()),
        ContentKind::Directory => ('d', String::new()),
        ContentKind::Symlink { target } => ('l', format!(" -> {target}")),
    };
    let bits = "rwxrwxrwx".chars().enumerate();
    let mode: String = bits.map(|(at, c)| if entry.mode() >> (8 - at) & 1 == 1 { c } else { '-' }).collect();
    format!("{letter}{mode} {:>10} {}{target}", entry.size(), entry.path)
}

#[cfg(test)]
mod tests;
