//! The four groups of commands.

use crate::{Command, CommandGroup, Mapping, Rejection, Step, Value};

const GROUPS: [&str; 4] = ["configure-commands", "build-commands", "install-commands", "strip-commands"];

/// The commands of each group, in the order in which they run.
pub(super) struct Commands([Vec<String>; 4]);

impl Commands {
    /// Reads the groups from an element's `config`, which may hold nothing else.
    pub(super) fn read(config: Mapping<'_>) -> Result<Self, Rejection> {
        config.validate_keys(&GROUPS)?;
        let mut commands = <[Vec<String>; 4]>::default();
        for (group, commands) in GROUPS.iter().zip(&mut commands) {
            *commands = config.str_list_or_empty(group)?;
        }
        Ok(Self(commands))
    }

    /// Entries of the unique key; a group without commands has one too.
    pub(super) fn key(&self) -> Vec<(String, Value)> {
        let groups = GROUPS.iter().zip(&self.0);
        groups.map(|(group, commands)| ((*group).to_owned(), Value::texts(commands))).collect()
    }

    /// A step for each group that has commands.
    pub(super) fn steps(self) -> impl Iterator<Item = Step> {
        let groups = GROUPS.iter().zip(self.0).filter(|(_, commands)| !commands.is_empty());
        groups.map(|(group, commands)| {
            Step::Run(CommandGroup {
                label: (*group).to_owned(),
                read_only_root: true,
                commands: commands.into_iter().map(Command::shell).collect(),
            })
        })
    }
}
