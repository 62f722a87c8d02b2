//! Options of every command.

use std::path::{Path, PathBuf};

use clap::{ArgAction, ArgMatches, Args, builder::ValueParser};

use super::{CacheBuildTrees, OnError};

/// The options that turn something on, and those that turn it off.
pub(super) const SWITCHES: [(&str, &str); 4] =
    [("strict", "no_strict"), ("color", "no_color"), ("verbose", "no_verbose"), ("debug", "no_debug")];

/// Options of every command. The configuration file has the values of options that are not given.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalOptions {
    /// The project's directory (before the command also --directory) [default: .]
    #[arg(short = 'C', global = true, value_name = "DIR", overrides_with = "long_directory")]
    short_directory: Option<PathBuf>,
    // `checkout` has a `--directory` of its own, so that this one cannot be global.
    #[arg(long = "directory", hide = true, value_name = "DIR", overrides_with = "short_directory")]
    long_directory: Option<PathBuf>,
    /// The user configuration file
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set a project option
    #[arg(short, long = "option", num_args = 2, value_names = ["NAME", "VALUE"], action = ArgAction::Append)]
    option: Vec<String>,
    /// The mirror that sources are fetched from first
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) default_mirror: Option<String>,
    /// Serve an element kind from a component file
    #[arg(long = "plugin", value_name = "KIND=FILE", value_parser = ValueParser::new(plugin))]
    pub(crate) plugins: Vec<(String, PathBuf)>,
    /// What to do when a job fails
    #[arg(long, global = true, value_enum, value_name = "ACTION")]
    pub(crate) on_error: Option<OnError>,
    /// How many elements are built at a time
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) builders: Option<u32>,
    /// How many elements are fetched at a time
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) fetchers: Option<u32>,
    /// How many elements are pushed to shared caches at a time
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pushers: Option<u32>,
    /// How many jobs one build may run in parallel (0: by the number of CPUs)
    #[arg(long, global = true, value_name = "N")]
    pub(crate) max_jobs: Option<u32>,
    /// How often a failed download is tried again
    #[arg(long, global = true, value_name = "N")]
    pub(crate) network_retries: Option<u32>,
    /// Build again when a build dependency changed
    #[arg(long, overrides_with = "no_strict")]
    strict: bool,
    /// Keep an artifact when only the contents of its build dependencies changed
    #[arg(long, overrides_with = "strict")]
    no_strict: bool,
    /// When to keep build trees
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub(crate) cache_buildtrees: Option<CacheBuildTrees>,
    /// Also pull the build trees of artifacts
    #[arg(long, global = true)]
    pub(crate) pull_buildtrees: bool,
    /// Write every event as a line of JSON to a file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) json_events: Option<PathBuf>,
    /// Also write the plain log to a file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// How many lines of a failed command's log are shown
    #[arg(long, global = true, value_name = "N")]
    pub(crate) error_lines: Option<u32>,
    /// How many lines of a message's detail are shown
    #[arg(long, global = true, value_name = "N")]
    pub(crate) message_lines: Option<u32>,
    /// Use colours even when the output is not a terminal
    #[arg(long, visible_alias = "colors", overrides_with = "no_color")]
    color: bool,
    /// Use no colours
    #[arg(long, visible_alias = "no-colors", overrides_with = "color")]
    no_color: bool,
    /// Fetch no plugins: take those that are vendored or cached
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Never ask and never draw, even on a terminal
    #[arg(long, global = true)]
    pub(crate) no_interactive: bool,
    /// Report more
    #[arg(long, overrides_with = "no_verbose")]
    verbose: bool,
    /// Report no more than usual, whatever the configuration says
    #[arg(long, overrides_with = "verbose")]
    no_verbose: bool,
    /// Report everything, for finding faults
    #[arg(long, overrides_with = "no_debug")]
    debug: bool,
    /// Report no details for finding faults, whatever the configuration says
    #[arg(long, overrides_with = "debug")]
    no_debug: bool,
}

impl GlobalOptions {
    /// Adds the options that were given after the command.
    pub(super) fn add(&mut self, options: Vec<String>, plugins: Vec<(String, PathBuf)>) {
        self.option.extend(options);
        self.plugins.extend(plugins);
    }

    /// Adds the switches that were given to a command; they count more than those before it.
    pub(super) fn add_switches(&mut self, matches: &ArgMatches) {
        let switches = [
            (&mut self.strict, &mut self.no_strict),
            (&mut self.color, &mut self.no_color),
            (&mut self.verbose, &mut self.no_verbose),
            (&mut self.debug, &mut self.no_debug),
        ];
        for ((on, off), (on_name, off_name)) in switches.into_iter().zip(SWITCHES) {
            let is_set = |name| matches.try_get_one(name).ok().flatten() == Some(&true);
            if is_set(on_name) || is_set(off_name) {
                (*on, *off) = (is_set(on_name), is_set(off_name));
            }
        }
    }

    /// The project's directory.
    pub(crate) fn directory(&self) -> &Path {
        self.given_directory().unwrap_or_else(|| Path::new("."))
    }

    /// The project's directory, if the command line names it.
    pub(crate) fn given_directory(&self) -> Option<&Path> {
        self.short_directory.as_deref().or(self.long_directory.as_deref())
    }

    /// Project options in the order of the command line.
    pub(crate) fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.option.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str()))
    }

    /// Whether a change of build dependencies rebuilds, if the command line says.
    pub(crate) fn strict(&self) -> Option<bool> {
        either(self.strict, self.no_strict)
    }

    /// Whether to report more, if the command line says.
    pub(crate) fn verbose(&self) -> Option<bool> {
        either(self.verbose, self.no_verbose)
    }

    /// Whether to report everything, if the command line says.
    pub(crate) fn debug(&self) -> Option<bool> {
        either(self.debug, self.no_debug)
    }

    /// Whether to use colours, if the command line says.
    pub(crate) fn color(&self) -> Option<bool> {
        either(self.color, self.no_color)
    }
}

fn either(yes: bool, no: bool) -> Option<bool> {
    (yes || no).then_some(yes)
}

pub(super) fn plugin(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((kind, file)) if !kind.is_empty() && !file.is_empty() => Ok((kind.to_owned(), file.into())),
        _ => Err("expected KIND=FILE, for example manual=my/manual.wasm".to_owned()),
    }
}
