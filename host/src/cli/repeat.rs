//! `-o` and `--plugin` can be repeated, before the command and after it.
//!
//! Every other option can be repeated, too, and the last one counts. clap's global arguments keep only one level's values, and do not
//! know which of two opposite ones came later, so every command gets arguments of its own here.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, builder::ValueParser};

use super::globals::SWITCHES;

const OPTION: &str = "option-after";
const PLUGIN: &str = "plugin-after";
/// What help begins with, as that of BuildStream: how the command is used.
const HELP: &str = "{usage-heading} {usage}\n\n{before-help}{about-with-newline}\n{all-args}{after-help}";

/// The command line with both arguments in every command.
pub(super) fn everywhere(command: Command) -> Command {
    let switches: Vec<Arg> = SWITCHES
        .iter()
        .flat_map(|(on, off)| [on, off])
        .filter_map(|id| command.get_arguments().find(|arg| arg.get_id() == *id).cloned())
        .collect();
    with_switches(command, &switches)
}

fn with_switches(command: Command, switches: &[Arg]) -> Command {
    let command = command.args_override_self(true).help_template(HELP);
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| with_switches(with_both(sub).args(switches), switches))
    })
}

fn with_both(command: Command) -> Command {
    if command.has_subcommands() {
        return command;
    }
    let heading = "Global options";
    let option = Arg::new(OPTION).short('o').long("option").num_args(2).value_names(["NAME", "VALUE"]);
    let option = option.action(ArgAction::Append).help("Set a project option").help_heading(heading);
    let plugin = Arg::new(PLUGIN).long("plugin").value_name("KIND=FILE").action(ArgAction::Append);
    let plugin = plugin.value_parser(ValueParser::new(super::globals::plugin));
    let plugin = plugin.help("Serve an element kind from a component file").help_heading(heading);
    command.arg(option).arg(plugin)
}

/// The commands that were given, with what was given to them.
pub(super) fn levels(matches: &ArgMatches) -> impl Iterator<Item = &ArgMatches> {
    std::iter::successors(below(matches), |matches| below(matches))
}

fn below(matches: &ArgMatches) -> Option<&ArgMatches> {
    matches.subcommand().map(|(_, below)| below)
}

/// The options and plugins that were given after the command.
pub(super) fn after(matches: &ArgMatches) -> (Vec<String>, Vec<(String, PathBuf)>) {
    let leaf = levels(matches).last().unwrap_or(matches);
    (all(leaf, OPTION), all(leaf, PLUGIN))
}

fn all<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Vec<T> {
    matches.try_get_many(id).ok().flatten().into_iter().flatten().cloned().collect()
}
