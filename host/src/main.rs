//! `spec-host`: a build tool for BuildStream projects.

mod action_execution;
mod app;
mod cache_folder;
mod cli;
mod commands;
mod completion;
mod config;
mod doctor;
mod error;
mod exit_code;
mod log;
mod message_format;
mod plugin_options;
mod project_plugins;
mod recordings;
mod run;
mod session;
mod show;
mod signals;
#[cfg(feature = "bench")]
mod simulated_cluster;
mod term;
mod user_file;
mod values;
mod why;

use std::process::ExitCode;

use app::App;
use cli::{Cli, GlobalOptions};
use error::{CommandError, CommandResult};
use tracing::level_filters::LevelFilter;

fn main() -> ExitCode {
    if std::env::var_os(completion::VARIABLE).is_some() {
        return complete();
    }
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    give_back_the_cursor_on_panic();
    run(&cli).unwrap_or_else(|error| report(&cli.globals, &error))
}

/// Answers a shell that asks for completions.
fn complete() -> ExitCode {
    let of_shell = |name| std::env::var(name).unwrap_or_default();
    let word = of_shell("COMP_CWORD").parse().unwrap_or(0);
    // What completes may have options of its own, before the line that it completes.
    let given: Vec<String> = std::env::args().skip(1).collect();
    let artifacts = |line: &[String]| completion::cached_artifacts(&[line, &given].concat());
    let found = completion::candidates(&Cli::definition(), &of_shell("COMP_WORDS"), word, &artifacts);
    ExitCode::from(u8::from(term::write_stdout(&found).is_err()))
}

fn run(cli: &Cli) -> CommandResult<ExitCode> {
    let app = App::new(cli.globals.clone())?;
    let serves = matches!(cli.command, cli::CliCommand::Serve(_));
    if app.config.debug && !serves {
        log::start(LevelFilter::DEBUG, log::LogFormat::Text);
    }
    commands::run(&app, &cli.command)
}

/// Places in files are relative to the project.
fn report(globals: &GlobalOptions, error: &CommandError) -> ExitCode {
    let style = term::Style::choose(globals.color(), std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let base = spec_project::find_project(globals.directory());
    term::write_stderr(&error.render(style, &base.unwrap_or_default()), style);
    error.exit_code()
}

fn give_back_the_cursor_on_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        term::restore();
        usual(panic);
    }));
}
