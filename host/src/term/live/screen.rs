//! The few lines at the bottom of a terminal that are drawn over and over.
//!
//! Between drawings the hidden cursor is at the first of these lines. When the size of a terminal changes, the cursor
//! stays with its text, so the next drawing begins at the right place. While lines are drawn the terminal wraps none
//! of them.

use std::fmt::Write as _;
use std::io::Write;

const BEGIN: &str = "\x1b[?2026h\x1b[?25l\x1b[?7l";
const END: &str = "\x1b[?7h\x1b[?2026l";
const SHOW_CURSOR: &str = "\x1b[?7h\x1b[?25h";
const CLEAR_BELOW: &str = "\x1b[J";
const CLEAR_LINE: &str = "\x1b[K";

/// The drawn lines.
pub(super) struct Screen {
    out: Box<dyn Write + Send>,
    drawn: Vec<String>,
    columns: usize,
    hidden: bool,
}

impl Screen {
    /// A screen on `out` with nothing drawn.
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, drawn: Vec::new(), columns: 0, hidden: false }
    }

    /// Writes `above`, which scrolls up, and `frame` below it. Writes nothing when nothing changed.
    pub(super) fn draw(&mut self, above: &str, frame: &[String], columns: usize) {
        if above.is_empty() && self.drawn == frame && self.columns == columns {
            return;
        }
        let afresh = !above.is_empty() || frame.len() < self.drawn.len() || self.columns != columns;
        let mut text = String::from(BEGIN);
        text.push('\r');
        if afresh {
            text.push_str(CLEAR_BELOW);
            text.push_str("\x1b[?7h");
            text.push_str(&above.replace('\n', "\r\n"));
            text.push_str("\x1b[?7l");
            self.drawn.clear();
        }
        self.lines(&mut text, frame);
        text.push_str(END);
        self.write(&text);
        self.hidden = true;
        self.columns = columns;
        self.drawn = frame.to_vec();
    }

    /// Writes the lines that changed and moves the cursor back to the first.
    fn lines(&self, text: &mut String, frame: &[String]) {
        for (row, line) in frame.iter().enumerate() {
            match row {
                0 => {}
                _ if row < self.drawn.len() => text.push_str("\x1b[1B\r"),
                _ => text.push_str("\r\n"),
            }
            if self.drawn.get(row) != Some(line) {
                let _ = write!(text, "{line}{CLEAR_LINE}");
            }
        }
        if frame.len() > 1 {
            let _ = write!(text, "\x1b[{}A", frame.len() - 1);
        }
        text.push('\r');
    }

    /// Shows the cursor again.
    pub(super) fn release(&mut self) {
        if std::mem::take(&mut self.hidden) {
            self.write(SHOW_CURSOR);
        }
    }

    fn write(&mut self, text: &str) {
        // A closed terminal must not stop a build.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.release();
    }
}

/// Shows the cursor again when the program must end at once.
pub(crate) fn restore() {
    let mut err = std::io::stderr();
    if std::io::IsTerminal::is_terminal(&err) {
        let _ = err.write_all(format!("\r{CLEAR_BELOW}{SHOW_CURSOR}").as_bytes());
    }
}
