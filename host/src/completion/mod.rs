//! Completions by BuildStream's protocol: a shell sets `_BST_COMPLETION`, `COMP_WORDS` (the line) and `COMP_CWORD` (the number of the
//! word at the cursor), and gets one candidate a line, with a space after what is whole.

mod artifacts;
mod paths;
mod words;

use std::any::TypeId;
use std::path::PathBuf;

use clap::{Arg, Command};

pub(crate) use artifacts::cached_artifacts;
use paths::PathsBelow;
use words::split;

/// The variable that asks for completions.
pub(crate) const VARIABLE: &str = "_BST_COMPLETION";

/// The line up to the cursor.
struct Line<'l> {
    /// The words after the program's name and before the one at the cursor.
    before: &'l [String],
    /// The beginning of the word at the cursor.
    incomplete: &'l str,
    /// Lists the artifacts in the cache.
    artifacts: &'l dyn Fn() -> Vec<String>,
}

/// Where the words of a line lead to.
struct Reached<'c> {
    command: &'c Command,
    /// The number of arguments that are no options, after the command.
    arguments: usize,
    /// The option whose value is at the cursor.
    option: Option<&'c Arg>,
}

/// The candidates for the word at the cursor of a line, one a line. `artifacts` gets the words of the line and lists the names of what is
/// in the cache; it is asked only where an artifact may be named.
pub(crate) fn candidates(
    definition: &Command,
    words: &str,
    word: usize,
    artifacts: &dyn Fn(&[String]) -> Vec<String>,
) -> String {
    let words = split(words);
    let before = words.get(1..word.min(words.len())).unwrap_or_default();
    let incomplete = words.get(word).map_or("", String::as_str);
    let line = Line { before, incomplete, artifacts: &|| artifacts(before) };
    let mut definition = definition.clone();
    definition.build();
    let found = line.candidates(&definition);
    let matching = found.into_iter().filter(|candidate| candidate.starts_with(line.value()));
    matching.map(|candidate| candidate + "\n").collect()
}

impl Line<'_> {
    fn candidates(&self, definition: &Command) -> Vec<String> {
        let reached = self.reach(definition);
        if let Some((name, _)) = self.incomplete.split_once('=').filter(|(name, _)| name.starts_with("--")) {
            return option(reached.command, name).map_or_else(Vec::new, |option| self.values(option));
        }
        if let Some(option) = reached.option {
            return self.values(option);
        }
        if self.incomplete.starts_with('-') {
            return options(reached.command);
        }
        if reached.command.has_subcommands() {
            let visible = reached.command.get_subcommands().filter(|command| !command.is_hide_set());
            return visible.map(|command| format!("{} ", command.get_name())).collect();
        }
        let arguments: Vec<&Arg> = reached.command.get_positionals().collect();
        let last = arguments.last().filter(|last| takes_several(last));
        let argument = arguments.get(reached.arguments).or(last);
        argument.map_or_else(Vec::new, |argument| self.values(argument))
    }

    /// What is completed: the value of an option that is written with `=`, or the whole word.
    fn value(&self) -> &str {
        match self.incomplete.split_once('=') {
            Some((name, value)) if name.starts_with("--") => value,
            _ => self.incomplete,
        }
    }

    fn reach<'c>(&self, definition: &'c Command) -> Reached<'c> {
        let mut reached = Reached { command: definition, arguments: 0, option: None };
        let mut values = 0;
        // BuildStream's shells have '=' as a word of its own.
        for word in self.before.iter().filter(|word| *word != "=") {
            if values > 0 {
                values -= 1;
            } else if word.starts_with('-') {
                reached.option = option(reached.command, word);
                values = reached.option.map_or(0, values_of);
            } else if let Some(inner) = reached.command.find_subcommand(word) {
                (reached.command, reached.arguments) = (inner, 0);
            } else {
                reached.arguments += 1;
            }
            if values == 0 {
                reached.option = None;
            }
        }
        reached
    }

    /// The values that an option or an argument can have.
    fn values(&self, argument: &Arg) -> Vec<String> {
        let possible = argument.get_possible_values();
        if !possible.is_empty() {
            return possible.iter().map(|value| format!("{} ", value.get_name())).collect();
        }
        let is_path = argument.get_value_parser().type_id() == TypeId::of::<PathBuf>();
        let value_name = argument.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
        match value_name {
            Some("DIR") => PathsBelow::here().folders(self.value()),
            _ if is_path => PathsBelow::here().all(self.value()),
            Some("ELEMENT" | "element") => self.elements(),
            Some("ARTIFACT" | "artifact") => [self.elements(), (self.artifacts)()].concat(),
            _ => Vec::new(),
        }
    }

    fn elements(&self) -> Vec<String> {
        PathsBelow::elements(self.project_directory())
            .map_or_else(Vec::new, |below| below.elements_at(self.value()))
    }

    fn project_directory(&self) -> PathBuf {
        let option = self.before.iter().position(|word| matches!(word.as_str(), "-C" | "--directory"));
        option.and_then(|at| self.before.get(at + 1)).map_or_else(|| PathBuf::from("."), PathBuf::from)
    }
}

/// The option of that name, also one of a command above.
fn option<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    command.get_opts().find(|option| names(option).iter().any(|known| known == name))
}

/// How many values an option takes.
fn values_of(option: &Arg) -> usize {
    let count = || option.get_num_args().map_or(1, |count| count.min_values());
    if option.get_action().takes_values() { count() } else { 0 }
}

/// The options that are not hidden.
fn options(command: &Command) -> Vec<String> {
    let visible =
        command.get_arguments().filter(|argument| !argument.is_positional() && !argument.is_hide_set());
    visible.flat_map(names).map(|name| name + " ").collect()
}

fn names(option: &Arg) -> Vec<String> {
    let long = option.get_long_and_visible_aliases().into_iter().flatten().map(|name| format!("--{name}"));
    let short = option.get_short().into_iter().map(|name| format!("-{name}"));
    long.chain(short).collect()
}

fn takes_several(argument: &Arg) -> bool {
    argument.get_num_args().is_some_and(|count| count.max_values() > 1)
        || matches!(argument.get_action(), clap::ArgAction::Append)
}

#[cfg(test)]
mod tests;
