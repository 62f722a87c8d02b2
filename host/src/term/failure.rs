//! Reports a failed job, with what helps to find the cause.

use std::fmt::Write;

use spec_scheduler::{Failure, Task};

use super::{Style, TextRole, text::sanitize_line};

/// The report of a failure, with a newline at its end.
pub(crate) fn report(name: &str, task: Task, failure: &Failure, error_lines: usize, style: Style) -> String {
    let title = style.paint(TextRole::Bad, format_args!("error[{}]", failure.reason));
    let failed = if failure.cached { "failed before" } else { "failed" };
    let element = style.paint(TextRole::Name, name);
    let mut text = format!("{title}: {task} of {element} {failed}: {}\n", sanitize_line(&failure.message));
    let mut row = |label: &str, value: &str| {
        let _ = writeln!(text, "  {} {value}", style.paint(TextRole::Dim, format_args!("{label:<9}")));
    };
    if let Some(command) = &failure.command {
        let mut lines = command.trim().lines().map(sanitize_line);
        row("command", &lines.next().unwrap_or_default());
        lines.for_each(|line| row("", &line));
    }
    if let Some(code) = failure.exit_code {
        row("exit code", &code.to_string());
    }
    if let Some(log) = &failure.log {
        row("log", &sanitize_line(&log.display().to_string()));
    }
    for line in failure.lines_below() {
        let _ = writeln!(text, "  {}", sanitize_line(&line));
    }
    let skip = failure.log_tail.len().saturating_sub(error_lines);
    for line in &failure.log_tail[skip..] {
        let _ = writeln!(text, "  {} {}", style.paint(TextRole::Dim, "|"), sanitize_line(line));
    }
    text + &advice(name, task, failure, style)
}

/// What to do next, and the commands that show more.
fn advice(name: &str, task: Task, failure: &Failure, style: Style) -> String {
    let name = sanitize_line(name);
    let mut commands: Vec<_> = failure.hint.iter().flat_map(|hint| hint.lines()).map(sanitize_line).collect();
    if task == Task::Build && (failure.log.is_some() || failure.cached) {
        commands.push(format!("spec-host artifact log {name}"));
    }
    if failure.has_buildtree {
        commands.push(format!("spec-host shell --build --use-buildtree {name}"));
    }
    if failure.cached {
        commands.push(format!("spec-host build --retry-failed {name}"));
    }
    if commands.is_empty() {
        return String::new();
    }
    format!("{}: {}\n", style.paint(TextRole::Good, "help"), commands.join("\n      "))
}
