//! A record with what only its base actions tell: which inputs each of them has.

use std::collections::HashSet;
use std::sync::Arc;

use spec_cas::Cas;
use spec_model::Digest;

use crate::error::Result;
use crate::inputs::{Known, Walker};
use crate::message;
use crate::prefetch::AHEAD;
use crate::record::{InputId, Record};

/// A record ready to be used.
#[derive(Clone, Debug)]
pub struct Expanded {
    /// The record.
    pub record: Record,
    /// Of each of its actions, in order; `None` for one that cannot be adapted: its messages are not here, or not as
    /// we would write them.
    pub actions: Vec<Option<ExpandedAction>>,
}

/// What a base action is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandedAction {
    /// The encoded Command.
    pub command: Digest,
    /// The program it runs.
    pub program: Arc<str>,
    /// Its inputs, sorted.
    pub inputs: Vec<InputId>,
}

impl Expanded {
    /// Reads the messages of a record's actions: directories, and one action and command each.
    ///
    /// # Errors
    /// When the store fails.
    pub fn of(cas: &Cas, record: Record) -> Result<Self> {
        let mut walker = Walker::new(cas);
        let mut programs = HashSet::<Arc<str>>::new();
        let mut namer = Known { paths: &record.paths, index: record.input_index() };
        let bases: Vec<Digest> = record.actions.iter().map(|action| action.base).collect();
        let mut actions = Vec::with_capacity(bases.len());
        for part in bases.chunks(AHEAD) {
            walker.prefetch(part);
            for base in part {
                let read = read(cas, base, &mut walker, &mut namer, &mut programs);
                actions.push(usable(read)?);
            }
        }
        Ok(Self { record, actions })
    }
}

fn read(
    cas: &Cas,
    base: &Digest,
    walker: &mut Walker<'_>,
    namer: &mut Known<'_>,
    programs: &mut HashSet<Arc<str>>,
) -> Result<ExpandedAction> {
    let action = message::action(cas, base)?;
    let command = action.command(base)?;
    let program = message::command(cas, &command)?.arguments.into_iter().next().unwrap_or_default();
    let inputs = walker.list(&action.input_root(base)?, namer)?.to_vec();
    let program = programs.get(&*program).cloned().unwrap_or_else(|| Arc::from(program));
    programs.insert(Arc::clone(&program));
    Ok(ExpandedAction { command, program, inputs })
}

fn usable(read: Result<ExpandedAction>) -> Result<Option<ExpandedAction>> {
    match read {
        Ok(action) => Ok(Some(action)),
        Err(error) if error.is_of_data() => Ok(None),
        Err(error) => Err(error),
    }
}
