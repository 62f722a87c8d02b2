//! The action that `doctor` has clusters execute, and what else it sends to servers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use spec_action::{store_action, store_command};
use spec_artifact::Artifacts;
use spec_cas::{Cas, CasError};
use spec_model::tree::{Directory, FileNode};
use spec_model::{Action, Command, Digest, DigestFunction, Platform};
use spec_remote::{ActionToExecute, BlobProvider, ExecutionAnswer, Remote, RemoteError};
use spec_remote_execution::RootForm;

use crate::app::App;

/// How long a cluster has for the action.
const LIMIT: Duration = Duration::from_secs(30);
/// How long artifacts are searched for a base.
const SEARCH: Duration = Duration::from_secs(5);
/// The path below the root of the socket that is asked for.
const SOCKET: &str = "run/spec-host-doctor.sock";

/// An action that does nothing: `/bin/true` in a base that both the cache and the cluster have, otherwise a program of our own
/// that needs nothing else. It is never cached.
#[derive(Clone)]
pub(super) struct TrivialAction(Arc<PreparedActions>);

struct PreparedActions {
    _folder: tempfile::TempDir,
    cas: Cas,
    small: Digest,
    unknown: Digest,
    plain: Candidates,
    /// The same with a socket, if elements with one are to be built on the cluster.
    with_socket: Option<Candidates>,
}

/// The actions of which one is chosen.
struct Candidates {
    program: Option<PreparedAction>,
    base: Option<PreparedAction>,
}

struct PreparedAction {
    /// What is executed, for people.
    name: String,
    action: Digest,
    /// All that it needs that is ours to send.
    blobs: Vec<Digest>,
    /// All that the cluster has to have already.
    base: Vec<Digest>,
}

impl TrivialAction {
    /// Prepares it in a store of its own.
    ///
    /// # Errors
    /// When there is no place for that.
    pub(super) fn new(app: &App) -> Result<Self, CasError> {
        let folder = tempfile::tempdir_in(&app.config.cache_dir).or_else(|_| tempfile::tempdir());
        let folder = folder.map_err(|error| CasError::writing("a temporary folder", error))?;
        let cas = Cas::open(folder.path().join("cas"))?;
        // Servers are to store and look up what they do not have yet.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let salt = format!("spec-host doctor {} {since:?}", std::process::id()).into_bytes();
        let small = cas.put_bytes(&salt)?;
        let unknown = Digest::of(&[&salt[..], b" action"].concat());
        let settings = app.config.execution;
        // Without a base the other one is tried.
        let main = app.open_cas(DigestFunction::Sha256).ok();
        let candidates = |socket| Candidates::new(&cas, main.as_ref(), &salt, settings.roots, socket);
        let plain = candidates(false)?;
        let with_socket = settings.remote_elements_with_socket.then(|| candidates(true)).transpose()?;
        Ok(Self(Arc::new(PreparedActions { _folder: folder, cas, small, unknown, plain, with_socket })))
    }

    /// What is sent.
    pub(super) fn provider(&self) -> Arc<dyn BlobProvider> {
        Arc::new(self.0.cas.clone())
    }

    /// A blob of some bytes that no server has.
    pub(super) fn small_blob(&self) -> Digest {
        self.0.small
    }

    /// The digest of no action.
    pub(super) fn unknown(&self) -> Digest {
        self.0.unknown
    }

    /// Has a cluster execute it; says what was executed and how long that took.
    pub(super) async fn execute(&self, execution: &Remote, storage: &Remote) -> Result<String, RemoteError> {
        self.execute_one(&self.0.plain, execution, storage).await
    }

    /// The same for one that looks whether it has a socket, if elements with one are to be built on the cluster.
    pub(super) async fn execute_with_socket(
        &self,
        execution: &Remote,
        storage: &Remote,
    ) -> Result<Option<String>, RemoteError> {
        match &self.0.with_socket {
            Some(candidates) => self.execute_one(candidates, execution, storage).await.map(Some),
            None => Ok(None),
        }
    }

    async fn execute_one(
        &self,
        candidates: &Candidates,
        execution: &Remote,
        storage: &Remote,
    ) -> Result<String, RemoteError> {
        let failed = |why: String| RemoteError::Failed {
            address: execution.options().address.to_string(),
            action: "execute an action",
            why,
        };
        let Some(prepared) = candidates.choose(storage).await? else {
            return Ok("no action tried: no base is cached that the cluster has, too".to_owned());
        };
        let start = Instant::now();
        let executed = async {
            storage.push(self.provider(), &prepared.blobs).await?;
            let action = ActionToExecute {
                action: prepared.action,
                skip_cache_lookup: true,
                priority: 0,
                longest_wait: None,
                inline_files: Vec::new(),
            };
            execution.execute(&action, std::future::pending(), std::future::pending()).await
        };
        let executed = tokio::time::timeout(LIMIT, executed).await;
        let answer = executed
            .map_err(|_| failed(format!("no result of {} came within {LIMIT:?}", prepared.name)))??;
        let name = &prepared.name;
        match answer {
            ExecutionAnswer::Done(done) if done.result.exit_code == 0 => {
                Ok(format!("{name} took {} ms", start.elapsed().as_millis()))
            }
            ExecutionAnswer::Done(done) => {
                Err(failed(format!("{name} ended with exit code {}", done.result.exit_code)))
            }
            ExecutionAnswer::Busy(why) | ExecutionAnswer::Refused(why) | ExecutionAnswer::Invalid(why) => {
                Err(failed(format!("{name}: {why}")))
            }
            ExecutionAnswer::Missing(lost) => {
                Err(failed(format!("{name}: it lost what was sent, such as {lost:?}")))
            }
            ExecutionAnswer::TimedOut { .. } | ExecutionAnswer::Cancelled => {
                Err(failed(format!("{name} took longer than {LIMIT:?}")))
            }
        }
    }
}

impl Candidates {
    fn new(
        cas: &Cas,
        main: Option<&Cas>,
        salt: &[u8],
        roots: RootForm,
        socket: bool,
    ) -> Result<Self, CasError> {
        // Workers that change into the input root need one.
        let program =
            if roots == RootForm::Merged { None } else { PreparedAction::of_program(cas, salt, socket)? };
        let base =
            main.and_then(|main| PreparedAction::in_base(cas, main, salt, roots, socket).ok().flatten());
        Ok(Self { program, base })
    }

    /// The one in a base, if the cluster has all of the base.
    async fn choose(&self, storage: &Remote) -> Result<Option<&PreparedAction>, RemoteError> {
        if let Some(base) = &self.base
            && storage.missing(&base.base).await?.is_empty()
        {
            return Ok(Some(base));
        }
        Ok(self.program.as_ref())
    }
}

impl PreparedAction {
    /// Stores an action with these messages below it.
    fn store(
        cas: &Cas,
        name: String,
        salt: &[u8],
        input_root: Digest,
        arguments: &[&str],
        platform: Option<Platform>,
    ) -> Result<Self, CasError> {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let command = Command { arguments, platform: platform.clone(), ..Command::default() };
        let command = store_command(cas, &command)?;
        let action = Action {
            command,
            input_root,
            timeout: Some(LIMIT),
            do_not_cache: true,
            salt: salt.to_vec(),
            platform,
        };
        let action = store_action(cas, &action)?;
        Ok(Self { name, action, blobs: vec![action, command], base: Vec::new() })
    }

    /// An action that is a program of its own; `None` where we have none.
    fn of_program(cas: &Cas, salt: &[u8], socket: bool) -> Result<Option<Self>, CasError> {
        let Some(bytes) = program_that_ends() else { return Ok(None) };
        let (digest, name) = (cas.put_bytes(&bytes)?, "true".to_owned());
        let file = FileNode { name, digest, executable: true, properties: Default::default() };
        let root = Directory { files: vec![file], ..Directory::default() };
        let root = cas.store_directory(&root)?;
        let name = if socket { "an action with a socket" } else { "an action that needs no root" };
        let platform = platform(None, socket);
        let mut prepared = Self::store(cas, name.to_owned(), salt, root, &["./true"], platform)?;
        prepared.blobs.extend([root, digest]);
        Ok(Some(prepared))
    }

    /// `/bin/true` in a cached artifact that has it; with a socket, a look whether there is one.
    fn in_base(
        cas: &Cas,
        main: &Cas,
        salt: &[u8],
        roots: RootForm,
        socket: bool,
    ) -> Result<Option<Self>, Box<dyn std::error::Error>> {
        let artifacts = Artifacts::new(main.clone());
        let start = Instant::now();
        for name in artifacts.list("**")?.into_iter().take_while(|_| start.elapsed() < SEARCH) {
            let Some(files) = artifacts.record(&name)?.and_then(|artifact| artifact.trees.files) else {
                continue;
            };
            let has = |path: &str| main.lookup(&files, path).is_ok_and(|entry| entry.is_some());
            if !(has("bin/true") || has("usr/bin/true")) || !main.is_complete(&files)? {
                continue;
            }
            let what = if socket { "a look for a socket" } else { "/bin/true" };
            let title = format!("{what} in the base of {}/{}", name.project(), name.element());
            let (root, platform) = match roots {
                RootForm::Named => {
                    (cas.store_directory(&Directory::default())?, platform(Some(&files), socket))
                }
                RootForm::Merged => (files, platform(None, socket)),
            };
            let look = format!("test -S /{SOCKET}");
            let arguments = if socket { &["/bin/sh", "-c", &look][..] } else { &["/bin/true"] };
            let mut prepared = Self::store(cas, title, salt, root, arguments, platform)?;
            prepared.base = main.blobs_of_tree(&files)?;
            prepared.blobs.push(root);
            if root == files {
                // Clusters have its files, in trees with the inputs of actions.
                let directories = copy_directories(cas, main, &files)?;
                prepared.base.retain(|digest| !directories.contains(digest));
                prepared.blobs.extend(directories);
            }
            return Ok(Some(prepared));
        }
        Ok(None)
    }
}

/// Copies the directories of a tree.
fn copy_directories(to: &Cas, from: &Cas, root: &Digest) -> Result<HashSet<Digest>, CasError> {
    let (mut copied, mut open) = (HashSet::new(), vec![*root]);
    while let Some(digest) = open.pop() {
        if copied.insert(digest) {
            to.put_bytes(&from.get(&digest)?)?;
            open.extend(from.directory(&digest)?.directories.iter().map(|child| child.digest));
        }
    }
    Ok(copied)
}

fn platform(tree: Option<&Digest>, socket: bool) -> Option<Platform> {
    let tree = tree.map(|tree| (Platform::CHROOT_ROOT_DIGEST.to_owned(), tree.to_string()));
    let socket = socket.then(|| (Platform::REMOTE_APIS_SOCKET_PATH.to_owned(), SOCKET.to_owned()));
    let properties: Vec<(String, String)> = tree.into_iter().chain(socket).collect();
    (!properties.is_empty()).then_some(Platform { properties })
}

/// A program for this processor that ends at once, with exit code 0, and needs neither a library nor a file.
fn program_that_ends() -> Option<Vec<u8>> {
    // The system call `exit` with 0.
    let (machine, code): (u16, &[u8]) = match std::env::consts::ARCH {
        "x86_64" => (62, &[0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]),
        "aarch64" => (183, &[0, 0, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 1, 0, 0, 0xd4]),
        _ => return None,
    };
    const ADDRESS: u64 = 0x40_0000;
    const HEADERS: u64 = 64 + 56;
    let size = HEADERS + code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let halves = |file: &mut Vec<u8>, numbers: &[u16]| {
        numbers.iter().for_each(|number| file.extend(number.to_le_bytes()));
    };
    let words = |file: &mut Vec<u8>, numbers: &[u32]| {
        numbers.iter().for_each(|number| file.extend(number.to_le_bytes()));
    };
    let longs = |file: &mut Vec<u8>, numbers: &[u64]| {
        numbers.iter().for_each(|number| file.extend(number.to_le_bytes()));
    };
    // An executable of this machine, its entry, and where the one program header is.
    halves(&mut file, &[2, machine]);
    words(&mut file, &[1]);
    longs(&mut file, &[ADDRESS + HEADERS, 64, 0]);
    words(&mut file, &[0]);
    halves(&mut file, &[64, 56, 1, 64, 0, 0]);
    // The whole file is loaded, to be read and executed.
    words(&mut file, &[1, 5]);
    longs(&mut file, &[0, ADDRESS, ADDRESS, size, size, 0x1_0000]);
    file.extend(code);
    Some(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_program_ends_with_success() -> std::io::Result<()> {
        let Some(program) = program_that_ends() else { return Ok(()) };
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("true");
        std::fs::write(&path, program)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        assert!(std::process::Command::new(&path).status()?.success());
        Ok(())
    }
}
