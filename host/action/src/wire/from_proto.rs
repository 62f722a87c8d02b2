//! From REAPI's messages to our types. Messages of clients are checked: errors say which field is wrong.

use spec_model::tree::NodeProperties;
use spec_model::{
    Action, ActionResult, Captured, Command, Digest, DirectoryFormat, ExecutionMetadata, OutputDirectory,
    OutputFile, OutputSymlink, Outputs, Platform, Span, SymlinkKind,
};
use spec_proto::reapi;
use spec_proto::reapi::command::OutputDirectoryFormat;

use super::time::{check_timestamp, duration, time};
use super::{outputs, usage};

/// A digest that has to be there.
///
/// # Errors
/// What is wrong with `field`.
pub fn digest(field: &str, digest: Option<reapi::Digest>) -> Result<Digest, String> {
    let digest = digest.ok_or_else(|| format!("{field} is not set"))?;
    let size = u64::try_from(digest.size_bytes)
        .map_err(|_| format!("{field} has the negative size {}", digest.size_bytes))?;
    Digest::from_hex(&digest.hash, size).map_err(|_| {
        let shown: String = digest.hash.chars().take(80).flat_map(char::escape_default).collect();
        format!("{field} has the hash '{shown}'; expected 64 lower-case hexadecimal digits")
    })
}

fn digest_if_set(field: &str, message: Option<reapi::Digest>) -> Result<Option<Digest>, String> {
    message.map(|message| digest(field, Some(message))).transpose()
}

/// An action.
///
/// # Errors
/// What is wrong with it.
pub fn action(action: reapi::Action) -> Result<Action, String> {
    let timeout = action.timeout.as_ref().map(|limit| duration("timeout", limit)).transpose()?;
    Ok(Action {
        command: digest("command_digest", action.command_digest)?,
        input_root: digest("input_root_digest", action.input_root_digest)?,
        timeout,
        do_not_cache: action.do_not_cache,
        salt: action.salt,
        platform: action.platform.map(platform),
    })
}

/// A command.
///
/// # Errors
/// What is wrong with it.
#[allow(deprecated)]
pub fn command(command: reapi::Command) -> Result<Command, String> {
    let directory_format = directory_format(command.output_directory_format)?;
    let (files, directories) = (command.output_files, command.output_directories);
    // REAPI: who sets output_paths has the older fields passed over. Clients set both for older servers.
    let typed = command.output_paths.is_empty() && !(files.is_empty() && directories.is_empty());
    let outputs = match typed {
        true => Outputs::Typed { files, directories },
        false => Outputs::Paths(command.output_paths),
    };
    let variables = command.environment_variables.into_iter();
    Ok(Command {
        arguments: command.arguments,
        environment: variables.map(|variable| (variable.name, variable.value)).collect(),
        working_directory: command.working_directory,
        outputs,
        platform: command.platform.map(platform),
        output_node_properties: command.output_node_properties,
        directory_format,
    })
}

fn directory_format(number: i32) -> Result<DirectoryFormat, String> {
    match OutputDirectoryFormat::try_from(number) {
        Ok(OutputDirectoryFormat::TreeOnly) => Ok(DirectoryFormat::Tree),
        Ok(OutputDirectoryFormat::DirectoryOnly) => Ok(DirectoryFormat::Directory),
        Ok(OutputDirectoryFormat::TreeAndDirectory) => Ok(DirectoryFormat::Both),
        Err(_) => Err(format!("output_directory_format {number} is unknown")),
    }
}

fn platform(platform: reapi::Platform) -> Platform {
    let properties = platform.properties.into_iter();
    Platform { properties: properties.map(|property| (property.name, property.value)).collect() }
}

/// A result, without its subactions, which REAPI's message does not have. Its paths may begin with steps up, as those that
/// commands ask for may.
///
/// # Errors
/// What is wrong with it.
#[allow(deprecated)]
pub fn action_result(result: reapi::ActionResult) -> Result<ActionResult, String> {
    let lists = [
        (SymlinkKind::ToFile, result.output_file_symlinks),
        (SymlinkKind::ToDirectory, result.output_directory_symlinks),
        (SymlinkKind::Plain, result.output_symlinks),
    ];
    let result = ActionResult {
        files: result.output_files.into_iter().map(output_file).collect::<Result<_, _>>()?,
        directories: result.output_directories.into_iter().map(output_directory).collect::<Result<_, _>>()?,
        symlinks: outputs::symlinks(lists, symlink)?,
        exit_code: result.exit_code,
        stdout: captured("stdout_digest", result.stdout_raw, result.stdout_digest)?,
        stderr: captured("stderr_digest", result.stderr_raw, result.stderr_digest)?,
        metadata: result.execution_metadata.map(metadata).transpose()?.unwrap_or_default(),
        subactions: Vec::new(),
    };
    outputs::check(&result)?;
    Ok(result)
}

fn output_file(file: reapi::OutputFile) -> Result<OutputFile, String> {
    Ok(OutputFile {
        digest: digest("digest of an output file", file.digest)?,
        path: file.path,
        executable: file.is_executable,
        properties: file.node_properties.map(node_properties).transpose()?.unwrap_or_default(),
        contents: file.contents,
    })
}

fn output_directory(directory: reapi::OutputDirectory) -> Result<OutputDirectory, String> {
    Ok(OutputDirectory {
        path: directory.path,
        tree: digest_if_set("tree_digest", directory.tree_digest)?,
        topologically_sorted: directory.is_topologically_sorted,
        root: digest_if_set("root_directory_digest", directory.root_directory_digest)?,
    })
}

fn symlink(link: reapi::OutputSymlink, kind: SymlinkKind) -> Result<OutputSymlink, String> {
    let properties = link.node_properties.map(node_properties).transpose()?.unwrap_or_default();
    let target = outputs::target(&link.path, link.target)?;
    Ok(OutputSymlink { path: link.path, target, kind, properties })
}

fn captured(field: &str, raw: Vec<u8>, digest: Option<reapi::Digest>) -> Result<Captured, String> {
    Ok(Captured { raw, digest: digest_if_set(field, digest)? })
}

fn node_properties(message: reapi::NodeProperties) -> Result<NodeProperties, String> {
    if let Some(time) = &message.mtime {
        check_timestamp("mtime", time)?;
    }
    let properties = message.properties.into_iter();
    outputs::properties(NodeProperties {
        properties: properties.map(|property| (property.name, property.value)).collect(),
        mtime: message.mtime.map(|time| (time.seconds, time.nanos)),
        unix_mode: message.unix_mode.map(|mode| mode.value),
    })
}

fn metadata(message: reapi::ExecutedActionMetadata) -> Result<ExecutionMetadata, String> {
    let span = |field: &str, start, end| {
        Ok::<_, String>(Span { start: time(field, start)?, end: time(field, end)? })
    };
    let (ours, others): (Vec<_>, Vec<_>) =
        message.auxiliary_metadata.into_iter().partition(|any| any.type_url == usage::TYPE);
    let virtual_duration = message.virtual_execution_duration.as_ref();
    Ok(ExecutionMetadata {
        worker: message.worker,
        queued: time("queued_timestamp", message.queued_timestamp)?,
        worked: span(
            "worker_*_timestamp",
            message.worker_start_timestamp,
            message.worker_completed_timestamp,
        )?,
        fetched: span(
            "input_fetch_*_timestamp",
            message.input_fetch_start_timestamp,
            message.input_fetch_completed_timestamp,
        )?,
        executed: span(
            "execution_*_timestamp",
            message.execution_start_timestamp,
            message.execution_completed_timestamp,
        )?,
        uploaded: span(
            "output_upload_*_timestamp",
            message.output_upload_start_timestamp,
            message.output_upload_completed_timestamp,
        )?,
        virtual_duration: virtual_duration
            .map(|took| duration("virtual_execution_duration", took))
            .transpose()?,
        usage: ours.first().and_then(|any| usage::decode(&any.value)),
        auxiliary: others.into_iter().map(|any| (any.type_url, any.value)).collect(),
    })
}
