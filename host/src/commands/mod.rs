//! One file per command.

mod artifact;
#[cfg(feature = "bench")]
mod bench;
mod build;
mod cache;
mod cas;
mod destination;
mod doctor;
mod init;
mod pager;
mod plugin;
mod policy;
mod prime;
mod pull_missing;
mod report;
mod serve;
pub(crate) mod shell;
mod show;
mod source;
mod tarball;
mod why;
mod why_miss;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use crate::app::App;
use crate::cli::{Cli, CliCommand};
use crate::error::{CommandError, CommandResult};
use crate::term::write_stdout;

/// Runs the command; the exit code is its own.
///
/// # Errors
/// What ends the command.
pub(crate) fn run(app: &App, command: &CliCommand) -> CommandResult<ExitCode> {
    match command {
        CliCommand::Build(args) => build::run(app, args),
        CliCommand::Prime(args) => prime::run(app, args),
        CliCommand::Show(args) => show::run(app, args),
        CliCommand::Why(args) => why::run(app, args),
        CliCommand::WhyMiss(args) => why_miss::run(app, args),
        CliCommand::Artifact(command) => artifact::run(app, command),
        CliCommand::Source(command) => source::run(app, command),
        CliCommand::Workspace(command) => workspace::run(app, command),
        CliCommand::Shell(args) => shell::run(app, args),
        CliCommand::Cache(command) => cache::run(app, command),
        CliCommand::Serve(args) => serve::run(app, args),
        CliCommand::Cas(command) => cas::run(app, command),
        CliCommand::Plugin(command) => plugin::run(app, command),
        CliCommand::Policy(command) => policy::run(app, command),
        CliCommand::Report(args) => report::run(app, args),
        CliCommand::Init(args) => init::run(app, args),
        CliCommand::Doctor => doctor::run(app),
        #[cfg(feature = "bench")]
        CliCommand::Bench(args) => bench::run(app, args),
        CliCommand::Completions { shell } => completions(*shell),
        CliCommand::ManPages { folder } => man_pages(folder),
    }
}

/// What the command line names, or the element of the workspace that the command runs in.
///
/// # Errors
/// `no-elements`.
fn named_or_default(app: &App, named: Option<&str>) -> CommandResult<String> {
    let own = || spec_project::default_element(app.globals.directory());
    let found = named.map(str::to_owned).map_or_else(own, |named| Ok(Some(named)))?;
    found.ok_or_else(|| {
        let error = CommandError::usage("no-elements", "no element is named");
        error.hint("name one, or go to its workspace")
    })
}

fn completions(shell: clap_complete::Shell) -> CommandResult<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::definition(), "spec-host", &mut text);
    print(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

fn man_pages(folder: &Path) -> CommandResult<ExitCode> {
    let written =
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::definition(), folder));
    written
        .map_err(|error| CommandError::io(&format!("write manual pages to {}", folder.display()), &error))?;
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
pub(crate) fn print(text: &str) -> CommandResult {
    write_stdout(text).map_err(|error| CommandError::io("write to the standard output", &error))
}
