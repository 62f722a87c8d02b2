//! The action cache, with results as we know them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_action::{command_of_action, read_action, read_command, wire};
use spec_cas::{ActionCache, Cas, CasError};
use spec_model::{Action, ActionResult, Digest};

use crate::expected_outputs::ExpectedOutputs;
use crate::outcome::ActionError;
use crate::rights::{GrantedAction, RequestedRights, Rights};

/// Actions of which it is remembered what they ask for, of some 100 bytes each.
const MOST_ASKED: usize = 20_000;

/// Results of actions, each answered only while all that it speaks of is in the store, and only to who may have the
/// action: see [`Rights`].
#[derive(Clone, Debug)]
pub struct ResultCache {
    cas: Cas,
    actions: ActionCache,
    /// What actions ask for: a hit is not to read the action once more.
    asked: Arc<Mutex<HashMap<Digest, Arc<RequestedRights>>>>,
}

impl ResultCache {
    /// The cache of a store.
    #[must_use]
    pub fn new(cas: &Cas) -> Self {
        Self { cas: cas.clone(), actions: cas.action_cache(), asked: Arc::default() }
    }

    /// Looks whether an action, or its result, may be had with these rights.
    ///
    /// # Errors
    /// [`ActionError::Beyond`] when it may not, [`ActionError::Missing`] when the action or its command is not here to be
    /// looked at and that matters, [`ActionError::Invalid`] when it is none.
    pub fn grant(&self, action: &Digest, rights: &Rights) -> Result<GrantedAction, ActionError> {
        Ok(self.grant_and_load(action, rights)?.0)
    }

    /// As [`grant`](Self::grant), with the action if it had to be read for that.
    pub(crate) fn grant_and_load(
        &self,
        digest: &Digest,
        rights: &Rights,
    ) -> Result<(GrantedAction, Option<Action>), ActionError> {
        let known = self.known().get(digest).cloned();
        if let Some(asked) = known {
            return Ok((rights.grant(digest, &asked)?, None));
        }
        let loaded = read_action(&self.cas, digest)
            .map_err(ActionError::from)
            .and_then(|action| Ok((self.grant_action(digest, &action, rights)?, Some(action))));
        match loaded {
            Err(ActionError::Missing { .. } | ActionError::Invalid { .. }) if rights.unseen_results => {
                Ok((GrantedAction::unseen(digest), None))
            }
            other => other,
        }
    }

    /// Looks whether an action that was read may be executed with these rights.
    pub(crate) fn grant_action(
        &self,
        digest: &Digest,
        action: &Action,
        rights: &Rights,
    ) -> Result<GrantedAction, ActionError> {
        let asked = Arc::new(match &action.platform {
            Some(platform) => RequestedRights::of(action, Some(platform)),
            None => RequestedRights::of(action, read_command(&self.cas, &action.command)?.platform.as_ref()),
        });
        let mut known = self.known();
        if known.len() >= MOST_ASKED {
            known.clear();
        }
        known.insert(*digest, Arc::clone(&asked));
        rights.grant(digest, &asked)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Digest, Arc<RequestedRights>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The result of an action, if there is one and everything it speaks of is here. Counts as a use.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn get(&self, action: &GrantedAction) -> Result<Option<ActionResult>, ActionError> {
        let Some(bytes) = self.actions.get(&action.key())? else { return Ok(None) };
        // What an older version wrote and this one cannot read is a miss.
        Ok(wire::action_result_from_bytes(&bytes).ok())
    }

    /// Keeps the result of an action, in the place of an earlier one.
    ///
    /// # Errors
    /// [`ActionError::Missing`] when something that it speaks of is not here, [`ActionError::Invalid`] when a
    /// directory among its outputs is no tree, [`ActionError::Exhausted`] when the disk is full.
    pub fn put(&self, action: &GrantedAction, result: &ActionResult) -> Result<(), ActionError> {
        let needs = self.needs(result)?;
        match self.actions.put(&action.key(), &needs, &wire::action_result_to_bytes(result)) {
            Err(CasError::Missing { .. }) => Err(ActionError::Missing { digests: self.cas.missing(&needs)? }),
            other => Ok(other?),
        }
    }

    /// Keeps the result that a client brings of an action that it ran itself.
    ///
    /// # Errors
    /// As [`put`](Self::put); [`ActionError::Invalid`] also when what is inline is not what its digest says, or when a path
    /// leads out of the working directory that the action's command, if it is here, does not ask for.
    pub fn bring(&self, action: &GrantedAction, result: &ActionResult) -> Result<(), ActionError> {
        let files = result.files.iter().filter(|file| !file.contents.is_empty());
        let files = files.map(|file| (file.path.as_str(), &file.contents, Some(file.digest)));
        let streams = [("stdout_raw", &result.stdout), ("stderr_raw", &result.stderr)];
        let streams = streams.map(|(field, captured)| (field, &captured.raw, captured.digest));
        for (field, bytes, digest) in files.chain(streams.into_iter().filter(|(_, raw, _)| !raw.is_empty())) {
            if digest.is_some_and(|digest| self.cas.digest(bytes) != digest) {
                return Err(ActionError::invalid(format!("'{field}' is not what its digest says")));
            }
        }
        self.check_ways_up(&action.action(), result)?;
        self.put(action, result)
    }

    fn check_ways_up(&self, action: &Digest, result: &ActionResult) -> Result<(), ActionError> {
        let files = result.files.iter().map(|file| &file.path);
        let links = result.symlinks.iter().map(|link| &link.path);
        let paths = files.chain(links).chain(result.directories.iter().map(|directory| &directory.path));
        let mut up = paths.filter(|path| path.split('/').any(|step| step == "..")).peekable();
        let Some(first) = up.peek() else { return Ok(()) };
        let bad = |path: &str| {
            ActionError::invalid(format!(
                "the output '{path}' leads out of the working directory, and the action's command does not ask for it"
            ))
        };
        let asked = command_of_action(&self.cas, action)
            .map_err(ActionError::from)
            .and_then(|command| ExpectedOutputs::of(&command))
            .map_err(|_| bad(first))?;
        let asked = asked.asked();
        match up.find(|path| !asked.contains(path.as_str())) {
            Some(path) => Err(bad(path)),
            None => Ok(()),
        }
    }

    /// All blobs that a result speaks of, sorted, each once.
    fn needs(&self, result: &ActionResult) -> Result<Vec<Digest>, CasError> {
        let mut needs: Vec<Digest> = result.blobs().collect();
        for directory in &result.directories {
            if let Some(tree) = &directory.tree {
                needs.extend(self.cas.files_of_tree_message(tree)?);
            }
            if let Some(root) = &directory.root {
                needs.extend(self.cas.blobs_below(root)?);
            }
        }
        needs.sort_unstable();
        needs.dedup();
        Ok(needs)
    }
}
