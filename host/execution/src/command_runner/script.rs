//! Several commands as one script for a shell, as BuildStream makes one for remote execution.

use std::ops::Range;

use spec_sandbox::MAX_ARGUMENT_SIZE;

use crate::command_runner::contract::BatchCommand;
use crate::command_runner::not_an_action::NotAnAction;

/// Begins the lines that tell, on the script's standard error, which command begins.
const PROGRESS: &str = "spec-host-command ";

/// Standard error goes where standard output goes, as in the log of a build; what was standard error is kept for the
/// script alone, which tells there how far it is.
const PROLOGUE: &str = "exec 3>&2 2>&1\n";

/// Commands that run in one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// Their numbers in the batch.
    pub(super) commands: Range<usize>,
    /// For `sh -c`, in the environment of the first of them.
    pub(super) text: String,
}

/// The commands of a batch as few scripts as possible: one, unless it would be longer than an argument can be.
pub(super) fn scripts(commands: &[BatchCommand]) -> Result<Vec<Script>, NotAnAction> {
    // The zero at its end counts.
    let fits = |length: usize| (length as u64) < MAX_ARGUMENT_SIZE;
    let mut scripts: Vec<Script> = Vec::new();
    for (number, command) in commands.iter().enumerate() {
        if let Some(script) = scripts.last_mut() {
            let first = script.commands.start;
            let more = part(number - first, command, &commands[first])?;
            if fits(script.text.len() + more.len()) {
                script.text += &more;
                script.commands.end = number + 1;
                continue;
            }
        }
        let text = PROLOGUE.to_owned() + &part(0, command, command)?;
        if !fits(text.len()) {
            return Err(NotAnAction::TooLong { heading: command.heading.clone() });
        }
        scripts.push(Script { commands: number..number + 1, text });
    }
    Ok(scripts)
}

/// The part of a script that runs one command. Each runs as a process of its own, so that it neither changes the next
/// one's environment or directory nor is one of the shell's own commands.
fn part(number: usize, command: &BatchCommand, first: &BatchCommand) -> Result<String, NotAnAction> {
    let heading = quote(&command.heading_line());
    let mut text = format!("echo '{PROGRESS}{number}' >&3\nprintf '%s\\n' '' {heading}\n(");
    let value = |variables: &[(String, String)], name: &String| {
        variables.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    };
    for (name, _) in &command.environment {
        check_name(name)?;
    }
    for (name, _) in first.environment.iter().filter(|(name, _)| name != "PWD") {
        if value(&command.environment, name).is_none() {
            text += &format!("unset {name}\n");
        }
    }
    for (name, new) in command.environment.iter().filter(|(name, _)| name != "PWD") {
        if value(&first.environment, name).as_ref() != Some(new) {
            text += &format!("export {name}={}\n", quote(new));
        }
    }
    let argv: Vec<String> = command.argv.iter().map(|argument| quote(argument)).collect();
    text += &format!("exec {}) 3>&- || exit $?\n", argv.join(" "));
    Ok(text)
}

/// Shells drop variables of the environment whose names they could not set.
fn check_name(name: &str) -> Result<(), NotAnAction> {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let good = name.bytes().next().is_some_and(letter)
        && name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit());
    if good { Ok(()) } else { Err(NotAnAction::Variable { name: name.to_owned() }) }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The number of the command that a script began last, and what others wrote to its standard error.
pub(super) fn read_progress(stderr: &[u8]) -> (Option<usize>, Vec<u8>) {
    let (mut last, mut others) = (None, Vec::new());
    for line in stderr.split_inclusive(|byte| *byte == b'\n') {
        let number = std::str::from_utf8(line).ok().and_then(|line| line.trim_end().strip_prefix(PROGRESS));
        match number.and_then(|number| number.parse().ok()) {
            Some(number) => last = Some(number),
            None => others.extend_from_slice(line),
        }
    }
    (last, others)
}
