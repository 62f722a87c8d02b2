//! Contents of recorded inputs that this machine does not have, since another one recorded them.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_cas::{BlobSource, CasError};
use spec_model::{Cancel, Digest};

type Bring = dyn Fn(&[Digest]) -> Result<(), CasError> + Send + Sync;

/// The files that pulled records speak of. The executor of this machine has them brought when an action needs them. What turns
/// out to be nowhere is not asked for again.
#[derive(Default)]
pub(crate) struct RecordedInputs(Mutex<RecordedInputsState>);

#[derive(Default)]
struct RecordedInputsState {
    files: HashSet<Digest>,
    bring: Option<Arc<Bring>>,
    /// Ends what `bring` waits for.
    cancel: Cancel,
}

impl RecordedInputs {
    /// Has `bring` asked for these files. It ends when `cancel` says so.
    pub(crate) fn set(&self, files: HashSet<Digest>, bring: Arc<Bring>, cancel: Cancel) {
        *self.lock() = RecordedInputsState { files, bring: Some(bring), cancel };
    }

    /// Forgets all files and whom to ask, and ends what is being brought.
    pub(crate) fn clear(&self) {
        let state = std::mem::take(&mut *self.lock());
        state.cancel.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, RecordedInputsState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlobSource for RecordedInputs {
    fn has(&self, digest: &Digest) -> bool {
        self.lock().files.contains(digest)
    }

    fn bring(&self, digests: &[Digest]) -> Result<(), CasError> {
        let bring = self.lock().bring.clone();
        let brought = bring.map_or(Ok(()), |bring| bring(digests));
        let mut state = self.lock();
        digests.iter().for_each(|digest| _ = state.files.remove(digest));
        brought
    }
}

impl fmt::Debug for RecordedInputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordedInputs({})", self.lock().files.len())
    }
}
