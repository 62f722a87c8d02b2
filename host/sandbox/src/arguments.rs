//! The limits on the length of a command line.

use std::ffi::OsStr;

use rustix::process::{Resource, getrlimit};

use crate::SandboxError;

/// Bytes of one argument or variable, with the NUL at its end (`MAX_ARG_STRLEN` of Linux, 32 pages of 4 KiB).
pub const MAX_ARGUMENT_SIZE: u64 = 128 << 10;
/// Bytes of all arguments and variables that Linux takes whatever the stack's limit is (`ARG_MAX`).
const MIN_TOTAL_SIZE: u64 = 128 << 10;
/// Bytes of all arguments and variables that Linux takes at most, three quarters of the usual stack.
const MAX_TOTAL_SIZE: u64 = 6 << 20;
/// Bytes reserved for the program's path, and for the interpreter that a script names.
const RESERVE: u64 = 16 << 10;

/// Whether Linux could start a command with these arguments and variables at all. `stack` is the limit of the
/// command's stack in bytes; `None` means the host's own.
///
/// # Errors
/// [`SandboxError::TooLong`], which says what is too long, its length and the limit.
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

/// A name cut to a length that fits in a message.
fn shortened(name: &OsStr) -> String {
    const MOST: usize = 80;
    let name = name.to_string_lossy();
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.into_owned(),
    }
}

/// The limit on all arguments and variables, computed as in `execve(2)`.
fn max_total_size(stack: Option<u64>) -> u64 {
    let stack = stack.or_else(|| getrlimit(Resource::Stack).current).unwrap_or(u64::MAX);
    (stack / 4).clamp(MIN_TOTAL_SIZE, MAX_TOTAL_SIZE) - RESERVE
}

#[cfg(test)]
mod tests;
