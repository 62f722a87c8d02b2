//! Adds plugins to project.conf: a line below `elements: spec-host: plugins:`, without a change to any other line.

use std::fs;
use std::path::Path;

use spec_plugin_package::{PluginName, PluginReference};
use spec_project::PROJECT_CONF;

use crate::app::App;
use crate::error::{CommandError, CommandResult};

/// The sections that lead to the plugins of a project.
const SECTIONS: [&str; 3] = ["elements", "spec-host", "plugins"];

/// Adds a plugin to the project.conf of a project, or changes its reference.
///
/// # Errors
/// When the file cannot be written, or is laid out in another way than block style.
pub(super) fn add(
    app: &App,
    project: &Path,
    name: &PluginName,
    reference: &PluginReference,
) -> CommandResult {
    let file = project.join(PROJECT_CONF);
    let io = |action: &str, error: &std::io::Error| {
        CommandError::io(&format!("{action} {}", file.display()), error)
    };
    let before = fs::read_to_string(&file).map_err(|error| io("read", &error))?;
    fs::write(&file, with_plugin(&before, name, reference)).map_err(|error| io("write", &error))?;
    if is_there(app, name, reference) {
        return Ok(());
    }
    fs::write(&file, before).map_err(|error| io("write", &error))?;
    let message = format!("{} is not in a form to which a plugin can be added", file.display());
    let hint = format!("add it by hand: elements: {{spec-host: {{plugins: {{{name}: '{reference}'}}}}}}");
    Err(CommandError::new(spec_model::Blame::Project, "project-conf-not-writable", message).hint(hint))
}

fn is_there(app: &App, name: &PluginName, reference: &PluginReference) -> bool {
    let project = app.project_config().ok();
    let plugins =
        project.and_then(|project| spec_plugin_package::project_plugins(&project.spec_host_settings).ok());
    plugins.is_some_and(|plugins| {
        plugins.iter().any(|plugin| plugin.name == *name && plugin.reference == *reference)
    })
}

/// The text of a project.conf with a plugin; sections that are not there are added.
fn with_plugin(text: &str, name: &PluginName, reference: &PluginReference) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // The lines of the section that was found so far, without its head, and the indentation of what is in it.
    let (mut section, mut indentation) = (0..lines.len(), String::new());
    let mut missing = SECTIONS.as_slice();
    while let Some((key, rest)) = missing.split_first() {
        let Some(head) = find(&lines[section.clone()], &indentation, key) else { break };
        let head = section.start + head;
        let end = (head + 1..section.end).find(|line| ends_section(&lines[*line], &indentation));
        section = head + 1..end.unwrap_or(section.end);
        let first = lines[section.clone()].iter().find(|line| !is_blank(line));
        indentation =
            first.map_or_else(|| format!("{indentation}  "), |line| indentation_of(line).to_owned());
        missing = rest;
    }
    let entry = format!("{name}: {reference}");
    if missing.is_empty()
        && let Some(old) = find(&lines[section.clone()], &indentation, name.as_str())
    {
        lines[section.start + old] = format!("{indentation}{entry}");
        return lines.join("\n") + "\n";
    }
    // A new top section comes last, all others first in theirs.
    let start = if missing.len() == SECTIONS.len() { lines.len() } else { section.start };
    for (at, part) in (start..).zip(missing.iter().map(|key| format!("{key}:")).chain([entry])) {
        lines.insert(at, format!("{indentation}{part}"));
        indentation += "  ";
    }
    lines.join("\n") + "\n"
}

/// The line of a key with this indentation.
fn find(lines: &[String], indentation: &str, key: &str) -> Option<usize> {
    lines.iter().position(|line| {
        let rest = line.strip_prefix(indentation).and_then(|line| line.strip_prefix(key));
        rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
    })
}

/// Whether a line is no more part of a section whose head has this indentation.
fn ends_section(line: &str, indentation: &str) -> bool {
    !is_blank(line) && indentation_of(line).len() <= indentation.len()
}

fn is_blank(line: &str) -> bool {
    line.trim_start().is_empty() || line.trim_start().starts_with('#')
}

fn indentation_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests;
