//! What a cluster says that it lacks of an action's inputs, and what is done about it.

use std::collections::HashSet;

use spec_model::Digest;

/// How often in a row the cluster may say without naming anything new that it has lost inputs of an action.
const MOST_LOSSES: u32 = 3;
/// How often inputs of one action are uploaded once more: some servers name one blob a time.
const MOST_UPLOADS: u32 = 50;

/// What a cluster says that it lacks of an action's inputs.
#[derive(Default)]
pub(crate) struct LostInputs {
    /// What the cluster is not known to have any more.
    forgotten: Vec<Digest>,
    /// What is uploaded without asking whether it is there.
    to_upload: Vec<Digest>,
    uploaded: HashSet<Digest>,
    /// In a row, without anything new.
    losses: u32,
    uploads: u32,
}

impl LostInputs {
    /// Whether another attempt is worth while.
    pub(crate) fn may_go_on(&self) -> bool {
        self.losses <= MOST_LOSSES && self.uploads <= MOST_UPLOADS
    }

    /// What is to be uploaded without asking whether it is there.
    pub(crate) fn to_upload(&self) -> &[Digest] {
        &self.to_upload
    }

    /// The cluster has lost what is no input.
    pub(crate) fn note_loss(&mut self) {
        self.losses += 1;
    }

    /// The cluster does not have the blobs `named` of all inputs, or some that it does not name. Answers with what it is not known
    /// to have any more.
    pub(crate) fn note(&mut self, named: Vec<Digest>, all: Vec<Digest>) -> &[Digest] {
        // What is no input is not sent, whoever asks for it.
        let inputs: HashSet<&Digest> = all.iter().collect();
        let named: Vec<Digest> = named.into_iter().filter(|digest| inputs.contains(digest)).collect();
        let is_new = named.iter().any(|digest| !self.uploaded.contains(digest));
        let is_first = self.uploads + self.losses == 0;
        (self.losses, self.uploads) =
            if is_new { (0, self.uploads + 1) } else { (self.losses + 1, self.uploads) };
        // A server that says again that it lacks something, and does not say what, is not asked what.
        self.to_upload = match named.is_empty() {
            true if is_first => Vec::new(),
            true => all.clone(),
            false => named,
        };
        self.uploaded.extend(&self.to_upload);
        // Some servers name one blob a time: at the second time all are asked for.
        self.forgotten = if is_first && !self.to_upload.is_empty() { self.to_upload.clone() } else { all };
        &self.forgotten
    }
}

#[cfg(test)]
mod tests;
