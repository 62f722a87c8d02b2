//! `spec-host`: a build tool for BuildStream projects.

mod cli;
mod config;
mod error;
mod term;

fn main() -> std::process::ExitCode {
    let cli = cli::Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let _ = cli;
    std::process::ExitCode::SUCCESS
}
