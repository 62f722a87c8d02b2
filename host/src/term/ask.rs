//! Asks what to do about a failure.

use std::io::Write;
use std::path::Path;

use spec_scheduler::{Failure, FailureDecision};

use super::{Style, TextRole, sanitize_line};

/// Lets the user look into a failure before deciding.
pub(crate) trait FailureHelper: Send + Sync + 'static {
    /// Opens a shell in the sandbox of the element's build.
    fn shell(&self, element: usize);

    /// Shows a log.
    fn log(&self, path: &Path);
}

const CHOICES: [(&str, &str); 6] = [
    ("continue", "go on with what does not need it"),
    ("quit", "finish what runs, then stop"),
    ("terminate", "stop what runs"),
    ("retry", "try it again"),
    ("shell", "go into its sandbox"),
    ("log", "show the whole log"),
];

/// Asks until there is a decision. `answer` returns a line, or `None` at the end of the input, which means to quit.
pub(crate) fn ask(
    out: &mut dyn Write,
    answer: &mut dyn FnMut() -> Option<String>,
    style: Style,
    (name, element, failure): (&str, usize, &Failure),
    helper: &dyn FailureHelper,
) -> FailureDecision {
    loop {
        // If writing fails, reading an answer will fail, too.
        let _ = out.write_all(menu(name, style).as_bytes()).and_then(|()| out.flush());
        let Some(line) = answer() else { return FailureDecision::Quit };
        match choice(&line) {
            Some("continue") => return FailureDecision::Continue,
            Some("quit") => return FailureDecision::Quit,
            Some("terminate") => return FailureDecision::Terminate,
            Some("retry") => return FailureDecision::Retry,
            Some("shell") => helper.shell(element),
            Some("log") => match &failure.log {
                Some(log) => helper.log(log),
                None => drop(writeln!(out, "there is no log")),
            },
            _ => drop(writeln!(out, "'{}' is none of these", sanitize_line(line.trim()))),
        }
    }
}

fn menu(name: &str, style: Style) -> String {
    let title = style.paint(TextRole::Name, name);
    let mut text = format!("{title} failed. What now?\n");
    for (word, meaning) in CHOICES {
        let (first, rest) = word.split_at(1);
        text +=
            &format!("  {}{rest:<10} {meaning}\n", style.paint(TextRole::Bold, format_args!("({first})")));
    }
    text + "> "
}

/// The choice whose beginning the line is.
fn choice(line: &str) -> Option<&'static str> {
    let line = line.trim().to_lowercase();
    let begins = |(word, _): &&(&'static str, &str)| !line.is_empty() && word.starts_with(&line);
    CHOICES.iter().find(begins).map(|(word, _)| *word)
}

#[cfg(test)]
mod tests;
