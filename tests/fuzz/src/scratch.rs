//! A store for one run, or for a few.

use std::cell::RefCell;

use spec_cas::Cas;
use tempfile::TempDir;

/// The number of runs that share a store: making a store takes longer than most runs, and a large store is slow.
const RUNS: u32 = 1000;

struct Shared {
    cas: Cas,
    left: u32,
    #[expect(dead_code, reason = "removes the folder in the end")]
    folder: TempDir,
}

thread_local! {
    static STORE: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// A store, in memory where the machine has such a folder.
pub(crate) fn store() -> Cas {
    STORE.with_borrow_mut(|store| {
        let shared = store.take().filter(|shared| shared.left > 0);
        let shared = store.insert(shared.unwrap_or_else(fresh));
        shared.left -= 1;
        shared.cas.clone()
    })
}

fn fresh() -> Shared {
    let folder = folder();
    let cas = Cas::open(folder.path()).expect("an empty folder can be a store");
    Shared { cas, left: RUNS, folder }
}

/// A folder for one run.
pub(crate) fn folder() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder can be made")
}
