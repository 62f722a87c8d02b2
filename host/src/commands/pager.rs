//! Shows long texts through the user's pager on a terminal.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use super::print;
use crate::error::CommandResult;
use crate::term::sanitize_lines;

/// Shows a text: on a terminal with `$PAGER` or `less`, otherwise directly.
///
/// # Errors
/// When the standard output cannot be written.
pub(super) fn show(text: &str) -> CommandResult {
    if !std::io::stdout().is_terminal() || paged(text).is_none() {
        print(text)?;
    }
    Ok(())
}

/// Shows the text in a pager; `None` when there is none.
fn paged(text: &str) -> Option<()> {
    let pager = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = pager.unwrap_or_else(|| "less -R".to_owned());
    let mut child = Command::new("sh").args(["-c", &pager]).stdin(Stdio::piped()).spawn().ok()?;
    // The user may leave the pager before the end.
    let _ = child.stdin.take()?.write_all(sanitize_lines(text).as_bytes());
    child.wait().ok().filter(std::process::ExitStatus::success).map(drop)
}
