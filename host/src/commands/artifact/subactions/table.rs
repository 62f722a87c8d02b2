//! Recorded actions as people read them.

use std::time::Duration;

use spec_model::{ActionUsage, Command, Subaction};

use super::SubactionWithCommand;

/// The most characters of a command that are shown.
const WIDTH: usize = 100;

/// A line for each action, below one that heads them; nothing when there are none.
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
            // Words to the left, numbers to the right.
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
mod tests {
    use spec_model::{ActionFailure, ActionResult, Answered, Digest};
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut result = ActionResult { exit_code: 1, ..ActionResult::default() };
        result.metadata.usage = Some(ActionUsage {
            user: Duration::from_millis(20),
            system: Duration::from_millis(11),
            max_rss: 28_100_000,
        });
        let failure =
            ActionFailure { reason: "action-timed-out".to_owned(), message: String::new(), partial: None };
        let subaction = |answered, millis, outcome| Subaction {
            action: Digest::of(b""),
            answered,
            asked: SystemTime::UNIX_EPOCH,
            took: Duration::from_millis(millis),
            outcome,
        };
        let command = Command { arguments: vec!["gcc".into(), "-c\n a.c".into()], ..Command::default() };
        let long = Command { arguments: vec!["ä".repeat(WIDTH + 1)], ..Command::default() };
        let drawn = draw(&[
            (subaction(Answered::CacheHit, 2, Ok(result)), Some(command)),
            (subaction(Answered::Executed, 2500, Err(failure)), Some(long)),
            (subaction(Answered::Uploaded, 250, Ok(ActionResult::default())), None),
        ]);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(
            lines[..2],
            [
                "\t   answered               exit    wall    cpu   memory  command",
                "\t1  cache-hit                 1  2.0 ms  31 ms  28.1 MB  gcc -c a.c",
            ]
        );
        assert!(lines[2].starts_with("\t2  executed   action-timed-out  2.50 s      -        -  ää"));
        assert!(lines[2].ends_with("ä…"));
        assert_eq!(lines[3].trim_end(), "\t3  uploaded                  0  250 ms      -        -");
        assert_eq!(draw(&[]), "");
    }
}
