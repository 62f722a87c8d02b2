//! A record together with the commands and inputs of its base actions, which are read from the store.

use std::collections::HashSet;
use std::sync::Arc;

use spec_cas::Cas;
use spec_model::Digest;

use crate::error::Result;
use crate::input_root::{InputRootWalker, RecordNumbering};
use crate::message;
use crate::prefetch::PREFETCH_BATCH;
use crate::record::{InputId, Record};

/// A record with its expanded actions.
#[derive(Clone, Debug)]
pub struct ExpandedRecord {
    /// The record.
    pub record: Record,
    /// The actions of the record, in its order; `None` for one that cannot be adapted, because a message is missing or has
    /// unknown fields.
    pub actions: Vec<Option<ExpandedAction>>,
}

/// The command and the inputs of a base action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandedAction {
    /// The encoded Command.
    pub command: Digest,
    /// The program it runs.
    pub program: Arc<str>,
    /// Its inputs, sorted.
    pub inputs: Vec<InputId>,
}

impl ExpandedRecord {
    /// Reads the Action, Command and Directory messages of a record's actions.
    ///
    /// # Errors
    /// When the store fails.
    pub fn of(cas: &Cas, record: Record) -> Result<Self> {
        let mut walker = InputRootWalker::new(cas);
        let mut programs = HashSet::<Arc<str>>::new();
        let mut numbering = RecordNumbering { paths: &record.paths, index: record.input_index() };
        let bases: Vec<Digest> = record.actions.iter().map(|action| action.base).collect();
        let mut actions = Vec::with_capacity(bases.len());
        for part in bases.chunks(PREFETCH_BATCH) {
            walker.prefetch(part);
            for base in part {
                let read = read(cas, base, &mut walker, &mut numbering, &mut programs);
                actions.push(unless_bad_data(read)?);
            }
        }
        Ok(Self { record, actions })
    }
}

fn read(
    cas: &Cas,
    base: &Digest,
    walker: &mut InputRootWalker<'_>,
    numbering: &mut RecordNumbering<'_>,
    programs: &mut HashSet<Arc<str>>,
) -> Result<ExpandedAction> {
    let action = message::action(cas, base)?;
    let command = action.command(base)?;
    let program = message::command(cas, &command)?.arguments.into_iter().next().unwrap_or_default();
    let inputs = walker.list(&action.input_root(base)?, numbering)?.to_vec();
    let program = programs.get(&*program).cloned().unwrap_or_else(|| Arc::from(program));
    programs.insert(Arc::clone(&program));
    Ok(ExpandedAction { command, program, inputs })
}

fn unless_bad_data(read: Result<ExpandedAction>) -> Result<Option<ExpandedAction>> {
    match read {
        Ok(action) => Ok(Some(action)),
        Err(error) if error.is_bad_data() => Ok(None),
        Err(error) => Err(error),
    }
}
