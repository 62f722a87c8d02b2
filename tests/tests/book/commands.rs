//! The commands in a fenced block, and how what they print is compared with what the book shows.

use crate::pages::Block;

/// A command, and what the book says that it prints.
#[derive(Debug)]
pub(crate) struct BookCommand {
    /// The text for the shell.
    pub(crate) script: String,
    /// The lines that it prints; `None` where the book does not show them.
    pub(crate) prints: Option<Vec<String>>,
}

/// What the comment before a block says about running it.
#[derive(Debug)]
pub(crate) enum Instruction<'b> {
    /// The block is run.
    Run,
    /// The block is not run.
    Skip,
    /// Something else is run: a text for the shell.
    Instead(&'b str),
}

/// How a block is run: `<!-- not run: REASON -->` and `<!-- run instead, because REASON:` with commands on lines of
/// their own stand before blocks that are not.
///
/// # Panics
/// If a comment gives no reason.
pub(crate) fn instruction(block: &Block) -> Instruction<'_> {
    let Some(comment) = block.comment.as_deref() else { return Instruction::Run };
    if let Some(reason) = comment.strip_prefix("not run:") {
        assert!(reason.trim().len() > 10, "line {}: a reason is missing", block.line);
        return Instruction::Skip;
    }
    let Some(rest) = comment.strip_prefix("run instead, because ") else { return Instruction::Run };
    let (reason, commands) = rest.split_once(":\n").expect("a reason, a colon and commands");
    assert!(reason.len() > 10, "line {}: a reason is missing", block.line);
    Instruction::Instead(commands)
}

/// The commands of a block: `sh` is one script, `console` has commands behind `$ `, which go on behind `> `, with what
/// they print. Other blocks have none.
pub(crate) fn commands(block: &Block) -> Vec<BookCommand> {
    match block.language.as_str() {
        "sh" => vec![BookCommand { script: block.text.clone(), prints: None }],
        "console" => console(&block.text),
        _ => vec![],
    }
}

fn console(text: &str) -> Vec<BookCommand> {
    let mut commands: Vec<BookCommand> = Vec::new();
    for line in text.lines() {
        if let Some(script) = line.strip_prefix("$ ") {
            commands.push(BookCommand { script: format!("{script}\n"), prints: Some(vec![]) });
            continue;
        }
        let last = commands.last_mut().expect("a console begins with a command");
        match (line.strip_prefix("> "), &mut last.prints) {
            (Some(more), _) => last.script = format!("{}{more}\n", last.script),
            (None, Some(prints)) => prints.push(line.to_owned()),
            (None, None) => {}
        }
    }
    commands
}

/// Whether lines are as expected: `...` on a line of its own stands for any lines, `...` at the end of a line for its rest,
/// and times, digests, numbers with units and all numbers in lines with percents for any others.
pub(crate) fn matches(expected: &[String], printed: &[String]) -> bool {
    let Some((first, rest)) = expected.split_first() else { return printed.is_empty() };
    if first.trim() == "..." {
        return (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]));
    }
    let Some((line, others)) = printed.split_first() else { return false };
    line_matches(first, line) && matches(rest, others)
}

fn line_matches(expected: &str, printed: &str) -> bool {
    let (expected, printed) = (stable(expected), stable(printed));
    match expected.strip_suffix("...") {
        Some(beginning) => printed.starts_with(beginning.trim_end()),
        None => expected == printed,
    }
}

/// A line without what differs from run to run.
fn stable(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_unit = |word: &str| UNITS.contains(&word.trim_end_matches([';', ',', ':', ')']));
    // Rows of tables of measurements.
    let all_measured = words.contains(&"%");
    let stable = words.iter().enumerate().map(|(place, word)| {
        let measured = all_measured || words.get(place + 1).is_some_and(|next| is_unit(next));
        match word {
            word if is_number(word) && measured => "N".to_owned(),
            word if is_clock(word) => "[T]".to_owned(),
            word => without_digests(word),
        }
    });
    stable.collect::<Vec<_>>().join(" ")
}

const UNITS: [&str; 9] = ["s", "ms", "µs", "ns", "B", "kB", "MB", "GB", "bytes"];

fn is_number(word: &str) -> bool {
    let word = word.trim_start_matches(['(', '+', '-']);
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || ['.', ','].contains(&c))
}

/// The time at the beginning of a line of the log.
fn is_clock(word: &str) -> bool {
    let inner = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
    inner.is_some_and(|inner| inner.chars().all(|c| c.is_ascii_digit() || c == ':'))
}

/// A word in which hexadecimal numbers of eight digits and more are all the same.
fn without_digests(word: &str) -> String {
    let mut stable = String::new();
    let mut digits = String::new();
    for c in word.chars().chain(['\n']) {
        if c.is_ascii_digit() || ('a'..='f').contains(&c) {
            digits.push(c);
            continue;
        }
        stable += if digits.len() >= 8 { "DIGEST" } else { &digits };
        digits.clear();
        stable.push(c);
    }
    stable.trim_end().to_owned()
}

#[test]
fn what_differs_from_run_to_run_is_ignored() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let expected =
        lines("[00:00] cadcdc1c build a.bst done in 0.1 s\n...\nbuild succeeded in 3 s; fetch: 1 done");
    let good = "[00:12] 3196dbe2 build a.bst done in 12.0 s\nx\ny\nbuild succeeded in 14.5 s; fetch: 1 done";
    assert!(matches(&expected, &lines(good)));
    for bad in [
        "[00:12] 3196dbe2 build b.bst done in 12.0 s\nbuild succeeded in 14.5 s; fetch: 1 done",
        "[00:12] 3196dbe2 build a.bst done in 12.0 s\nbuild succeeded in 14.5 s; fetch: 2 done",
        "[00:12] 3196dbe2 build a.bst done in 12.0 s",
    ] {
        assert!(!matches(&expected, &lines(bad)), "{bad}");
    }
    assert!(matches(&lines("a good..."), &lines("a good policy")));
    assert!(!matches(&lines("a good..."), &lines("a bad policy")));
}
