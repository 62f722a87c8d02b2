//! One file per command.

mod artifact;
mod bench;
mod build;
mod cache;
mod cas;
mod doctor;
mod init;
mod pager;
mod place;
mod plugin;
mod serve;
mod shell;
mod show;
mod source;
mod tarball;
mod unsupported;
mod why;
mod why_miss;

use std::path::Path;
use std::process::ExitCode;

use crate::app::App;
use crate::cli::{Cli, Command};
use crate::error::{CommandError, CommandResult};
use crate::term::print;

/// Runs the command; the exit code is its own.
///
/// # Errors
/// What ends the command.
pub(crate) fn run(app: &App, command: &Command) -> CommandResult<ExitCode> {
    match command {
        Command::Build(args) => build::run(app, args),
        Command::Show(args) => show::run(app, args),
        Command::Why(args) => why::run(app, args),
        Command::WhyMiss(args) => why_miss::run(app, args),
        Command::Artifact(command) => artifact::run(app, command),
        Command::Source(command) => source::run(app, command),
        Command::Shell(args) => shell::run(app, args),
        Command::Cache(command) => cache::run(app, command),
        Command::Serve(args) => serve::run(app, args),
        Command::Cas(command) => cas::run(app, command),
        Command::Plugin(command) => plugin::run(app, command),
        Command::Init(args) => init::run(app, args),
        Command::Doctor => doctor::run(app),
        Command::Bench(args) => bench::run(app, args),
        Command::Workspace(_) => Err(unsupported::workspace()),
        Command::Completions { shell } => completions(*shell),
    }
}

fn completions(shell: clap_complete::Shell) -> CommandResult<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::definition(), "spec-host", &mut text);
    say(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

/// Bytes of a file such as a token or a certificate.
const LARGEST_SMALL_FILE: u64 = 1 << 20;

/// The text of a small file that the command line names.
fn read_small(path: &Path) -> CommandResult<String> {
    spec_files::read_text(path, LARGEST_SMALL_FILE)
        .map_err(|error| CommandError::io(&format!("read {}", path.display()), &error))
}

/// Prints to the standard output.
fn say(text: &str) -> CommandResult {
    print(text).map_err(|error| CommandError::io("write to the standard output", &error))
}
