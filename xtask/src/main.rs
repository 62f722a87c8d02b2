//! `cargo xtask`: the tasks of a checkout that cargo does not have. Each command first makes what it needs, is quick
//! when everything exists, and leaves nothing incomplete when it is killed.

#![allow(clippy::print_stdout, reason = "a program for people at a terminal")]

mod apt;
mod base;
mod bazel;
mod bench;
mod book;
mod browser;
mod bst;
mod build_tools;
mod buildgrid;
mod command;
mod debian_root;
mod debian_sources;
mod dist;
mod docker_registry;
mod example;
mod fuzz;
mod golden;
mod guests;
mod hello;
mod languages;
mod lock;
mod paths;
mod setup;
mod steps;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use paths::Paths;

/// Set-up, tests and measurements of spec-host.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set everything up, build the example project and run its programs
    Run,
    /// Set everything up and pass every test
    Test,
    /// Compare spec-host with its peers
    Bench(bench::BenchOptions),
    /// Fuzz parsers of untrusted input for some minutes
    Fuzz(fuzz::FuzzOptions),
    /// Set up a compiler for WebAssembly components (SPEC_WASM_ROUTE: auto, rustup or debian)
    Setup,
    /// Compile every element kind to a component in target/components
    Guests,
    /// Make the Debian root that the example and the tests build on
    Base {
        /// Make a new one even if one exists
        #[arg(long)]
        force: bool,
    },
    /// Make the root that the tests run Bazel in, and print its folder
    Bazel,
    /// Make the root that the tests run a browser in, and print its folder
    Browser,
    /// Make the tar of Meson, CMake and Python that the tests stage over the base, and print its path
    BuildTools,
    /// Make the root that the tests run BuildGrid in, and print its folder
    Buildgrid,
    /// Make the root that the tests run a registry of components in, and print its folder
    DockerRegistry,
    /// Install the tools of other languages, and build the examples of plugins in them
    Languages,
    /// Make a working copy of the example project in target/example
    Example,
    /// Install BuildStream, and run it with its own cache where arguments are given
    Bst {
        /// Arguments for bst
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write the pages of the book that are made of other texts, and build the book in target/book
    Book {
        /// Describe the command line of this binary of spec-host, instead of one compiled now
        #[arg(long)]
        host: Option<PathBuf>,
    },
    /// Make the archive in target/dist that spec-host is installed from
    Dist {
        /// Pack this binary of spec-host, instead of one compiled now
        #[arg(long)]
        host: Option<PathBuf>,
    },
    /// Write the golden keys of tests/golden/keys anew, with BuildStream
    Golden,
}

/// Not the error itself: that would be shown with a backtrace where `RUST_BACKTRACE` is set.
fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let paths = Paths::find()?;
    match task {
        Task::Run => hello::run(&paths),
        Task::Test => test::run(&paths),
        Task::Bench(options) => bench::run(&paths, options),
        Task::Fuzz(options) => fuzz::run(&paths, &options),
        Task::Setup => setup::run(&paths).map(drop),
        Task::Guests => guests::run(&paths),
        Task::Base { force } => base::run(&paths, force),
        Task::Bazel => bazel::run(&paths).map(|root| println!("{}", root.display())),
        Task::Browser => browser::run(&paths).map(|root| println!("{}", root.display())),
        Task::BuildTools => build_tools::run(&paths).map(|tar| println!("{}", tar.display())),
        Task::Buildgrid => buildgrid::run(&paths).map(|root| println!("{}", root.display())),
        Task::DockerRegistry => docker_registry::run(&paths).map(|root| println!("{}", root.display())),
        Task::Languages => languages::run(&paths).map(|folder| println!("{}", folder.display())),
        Task::Example => example::run(&paths).map(drop),
        Task::Bst { arguments } => bst::run(&paths, &arguments),
        Task::Book { host } => book::run(&paths, host),
        Task::Dist { host } => dist::run(&paths, host),
        Task::Golden => golden::run(&paths),
    }
}
