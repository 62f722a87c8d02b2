//! How long a command line may be.

use std::ffi::OsStr;

use rustix::process::{Resource, getrlimit};

use crate::SandboxError;

/// Bytes of one argument or variable, with the NUL at its end (`MAX_ARG_STRLEN` of Linux, 32 pages of 4 KiB).
pub const MAX_ARGUMENT_SIZE: u64 = 128 << 10;
/// Bytes of all arguments and variables that Linux takes whatever the stack's limit is (`ARG_MAX`).
const MIN_TOTAL_SIZE: u64 = 128 << 10;
/// Bytes of all arguments and variables that Linux takes at most, three quarters of the usual stack.
const MAX_TOTAL_SIZE: u64 = 6 << 20;
/// What is left for the program's path, and for the interpreter that a script names.
const RESERVE: u64 = 16 << 10;

/// Whether Linux could start a command with these arguments and variables at all. `stack` is the limit that the
/// command's stack will have, in bytes; without one it is the host's own.
///
/// # Errors
/// [`SandboxError::TooLong`], which tells what is too long, how long it is and what the limit is.
pub fn check_arguments<S: AsRef<OsStr>>(
    argv: &[S],
    environment: &[(S, S)],
    stack: Option<u64>,
) -> Result<(), SandboxError> {
    let length = |text: &S| text.as_ref().len() as u64;
    let mut total = 0;
    for (number, argument) in argv.iter().enumerate() {
        let bytes = length(argument) + 1;
        check(bytes, MAX_ARGUMENT_SIZE, || match number {
            0 => "the program's name".to_owned(),
            _ => format!("argument {number}"),
        })?;
        total += bytes + POINTER;
    }
    for (name, value) in environment {
        let bytes = length(name) + length(value) + 2;
        let what = || format!("the environment variable {}", shortened(name.as_ref()));
        check(bytes, MAX_ARGUMENT_SIZE, what)?;
        total += bytes + POINTER;
    }
    check(total, max_total_size(stack), || "the command line with its environment".to_owned())
}

/// Bytes of the pointer that each argument and variable has.
const POINTER: u64 = 8;

fn check(bytes: u64, limit: u64, what: impl Fn() -> String) -> Result<(), SandboxError> {
    if bytes <= limit { Ok(()) } else { Err(SandboxError::TooLong { what: what(), bytes, limit }) }
}

/// As much of a name as a message can have.
fn shortened(name: &OsStr) -> String {
    const MOST: usize = 80;
    let name = name.to_string_lossy();
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.into_owned(),
    }
}

/// As `execve(2)` reckons.
fn max_total_size(stack: Option<u64>) -> u64 {
    let stack = stack.or_else(|| getrlimit(Resource::Stack).current).unwrap_or(u64::MAX);
    (stack / 4).clamp(MIN_TOTAL_SIZE, MAX_TOTAL_SIZE) - RESERVE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message, if the command is refused.
    fn refused(argv: &[&str], environment: &[(&str, &str)], stack: Option<u64>) -> Option<String> {
        check_arguments(argv, environment, stack).err().map(|error| {
            assert_eq!(error.reason(), "sandbox-command-too-long");
            error.to_string()
        })
    }

    #[test]
    fn what_is_too_long_is_named_with_its_length() {
        let most = "x".repeat(MAX_ARGUMENT_SIZE as usize - 1);
        let more = format!("{most}x");
        assert_eq!(refused(&["sh", "-c", &most], &[("A", "b")], Some(64 << 20)), None);
        let message = refused(&["sh", "-c", &more], &[], None).expect("it is too long");
        assert!(
            message.contains("argument 2 is 131073 bytes long") && message.contains("131072"),
            "{message}"
        );
        let message = refused(&["sh"], &[("FLAGS", &most)], None).expect("it is too long");
        assert!(message.contains("the environment variable FLAGS"), "{message}");
        let message = refused(&["sh"], &[(&more, "")], None).expect("it is too long");
        assert!(message.len() < 300, "{message}");
    }

    #[test]
    fn the_total_depends_on_the_stack() {
        let large = "x".repeat(100 << 10);
        let argv = vec![large.as_str(); 15];
        assert_eq!(refused(&argv, &[], Some(8 << 20)), None);
        let message = refused(&argv, &[], Some(4 << 20)).expect("it is too long");
        assert!(message.contains("the command line with its environment"), "{message}");
        assert!(refused(&[large.as_str(); 70], &[], Some(1 << 40)).is_some(), "more than Linux ever takes");
        assert_eq!(refused(&["sh"; 100], &[], Some(0)), None);
    }
}
