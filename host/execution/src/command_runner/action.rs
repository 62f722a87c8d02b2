//! The messages of an action that runs commands of an element, as BuildStream makes them for a server.

use spec_action::{store_action, store_command};
use spec_cas::{Cas, CasError};
use spec_model::{Action, Command, Digest, DirectoryFormat, Outputs, Platform};

use crate::command_runner::contract::CommandBatch;
use crate::command_runner::input_tree::is_at_or_below;
use crate::command_runner::script::Script;
use crate::root::WriteAccess;

/// Directories that commands can write to, relative to the root, sorted; `None` when they can write everywhere.
pub(super) fn writable(access: &WriteAccess) -> Option<Vec<String>> {
    let WriteAccess::Only(directories) = access else { return None };
    let mut writable: Vec<String> = directories.iter().map(|path| relative(path)).collect();
    writable.sort_unstable();
    writable.dedup();
    (!writable.iter().any(String::is_empty)).then_some(writable)
}

/// Directories that are there when commands begin, relative to the root.
pub(super) fn directories(batch: &CommandBatch) -> Vec<String> {
    let (WriteAccess::Everything(made) | WriteAccess::Only(made)) = &batch.access;
    let mut directories: Vec<String> = made.iter().map(|path| relative(path)).collect();
    directories.extend(Some(relative(&batch.cwd)).filter(|cwd| !cwd.is_empty()));
    directories
}

/// The directories whose contents an action brings back, relative to the root: those that commands can write to, or the
/// whole root; none in another.
pub(super) fn outputs(writable: Option<&[String]>) -> Vec<String> {
    let Some(writable) = writable else { return vec![String::new()] };
    let in_another =
        |path: &String| writable.iter().any(|other| other != path && is_at_or_below(path, other));
    writable.iter().filter(|path| !in_another(path)).cloned().collect()
}

/// Stores the action, and answers with its digest.
pub(super) fn store(
    cas: &Cas,
    batch: &CommandBatch,
    script: &Script,
    input_root: Digest,
    outputs: &[String],
) -> Result<Digest, CasError> {
    let platform = Some(platform(batch));
    let mut environment = batch.commands[script.commands.start].environment.clone();
    environment.retain(|(name, _)| name != "PWD");
    environment.push(("PWD".to_owned(), batch.cwd.clone()));
    environment.sort_by(|(a, _), (b, _)| a.cmp(b));
    let working_directory = relative(&batch.cwd);
    let mut outputs: Vec<String> =
        outputs.iter().map(|output| way_between(&working_directory, output)).collect();
    outputs.sort_unstable();
    let command = Command {
        arguments: vec!["sh".to_owned(), "-c".to_owned(), script.text.clone()],
        environment,
        working_directory,
        outputs: Outputs::Paths(outputs),
        platform: platform.clone(),
        output_node_properties: Vec::new(),
        directory_format: DirectoryFormat::Directory,
    };
    let command = store_command(cas, &command)?;
    // Who executes it says how long it may take, as for BuildStream.
    let (timeout, salt) = (None, Vec::new());
    store_action(cas, &Action { command, input_root, timeout, do_not_cache: false, salt, platform })
}

/// BuildStream's properties, sorted by name.
fn platform(batch: &CommandBatch) -> Platform {
    let property = |name: &str, value: String| (name.to_owned(), value);
    let mut properties =
        vec![property("ISA", batch.isa.clone()), property("OSFamily", batch.os_family.clone())];
    let socket = batch.socket.as_ref().map(|path| path.trim_start_matches('/').to_owned());
    properties.extend(socket.map(|path| property(Platform::REMOTE_APIS_SOCKET_PATH, path)));
    properties.extend(batch.gid.map(|gid| property("unixGID", gid.to_string())));
    properties.extend(batch.uid.map(|uid| property("unixUID", uid.to_string())));
    Platform { properties }
}

/// How to get from one directory to another, both relative to the root.
pub(super) fn way_between(from: &str, to: &str) -> String {
    let names =
        |path: &str| path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (names(from), names(to));
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    let way: Vec<String> = up.chain(to[shared..].iter().cloned()).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

fn relative(path: &str) -> String {
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    names.join("/")
}
