//! Recorded actions as people read them.

use std::time::Duration;

use spec_model::{ActionUsage, Command, Subaction};

use super::SubactionWithCommand;

/// The most characters of a command that are shown.
const WIDTH: usize = 100;

/// A heading and a line for each action; nothing when there are none.
pub(super) fn draw(record: &[SubactionWithCommand]) -> String {
    if record.is_empty() {
        return String::new();
    }
    let head = ["", "answered", "exit", "wall", "cpu", "memory"].map(str::to_owned);
    let mut rows = vec![(head, "command".to_owned())];
    for (number, (subaction, command)) in record.iter().enumerate() {
        rows.push((row(number + 1, subaction), command.as_ref().map(brief).unwrap_or_default()));
    }
    let width = |column: usize| rows.iter().map(|(cells, _)| cells[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |(cells, command): &([String; 6], String)| {
        let mut line = String::from("\t");
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            // Text is aligned left, numbers are aligned right.
            line += &if column == 1 { format!("{cell:<width$}  ") } else { format!("{cell:>width$}  ") };
        }
        line + command + "\n"
    };
    rows.iter().map(line).collect()
}

fn row(number: usize, subaction: &Subaction) -> [String; 6] {
    let usage = subaction.result().and_then(|result| result.metadata.usage);
    let of_usage = |cell: fn(ActionUsage) -> String| usage.map_or_else(|| "-".to_owned(), cell);
    [
        number.to_string(),
        subaction.answered.as_str().to_owned(),
        match &subaction.outcome {
            Ok(result) => result.exit_code.to_string(),
            Err(failure) => failure.reason.clone(),
        },
        short(subaction.took),
        of_usage(|usage| short(usage.user + usage.system)),
        of_usage(|usage| format!("{:.1} MB", usage.max_rss as f64 / 1e6)),
    ]
}

/// `3.1 ms`, `250 ms`, `1.50 s`.
fn short(time: Duration) -> String {
    match time.as_micros() {
        0..=9_999 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        10_000..=999_999 => format!("{} ms", time.as_millis()),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// The command line on one line, cut short.
fn brief(command: &Command) -> String {
    let line = command.arguments.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests;
