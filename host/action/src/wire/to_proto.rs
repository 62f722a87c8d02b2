//! From our types to REAPI's messages.

use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};
use spec_model::{
    Action, ActionResult, Command, Digest, DirectoryFormat, ExecutionMetadata, OutputDirectory, OutputFile,
    OutputSymlink, Outputs, Platform, SymlinkKind,
};
use spec_proto::reapi::command::{EnvironmentVariable, OutputDirectoryFormat};
use spec_proto::{reapi, well_known};

use super::time::{duration_to_proto, time_to_proto};
use super::usage;

/// A digest.
#[must_use]
pub fn digest(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: i64::try_from(digest.size()).unwrap_or(i64::MAX) }
}

/// An action.
#[must_use]
pub fn action(action: &Action) -> reapi::Action {
    reapi::Action {
        command_digest: Some(digest(&action.command)),
        input_root_digest: Some(digest(&action.input_root)),
        timeout: action.timeout.map(duration_to_proto),
        do_not_cache: action.do_not_cache,
        salt: action.salt.clone(),
        platform: action.platform.as_ref().map(platform),
    }
}

/// A command. Its lists are as they are given: REAPI wants variables, outputs and properties sorted.
#[allow(deprecated)]
#[must_use]
pub fn command(command: &Command) -> reapi::Command {
    let (paths, files, directories) = match &command.outputs {
        Outputs::Paths(paths) => (paths.clone(), Vec::new(), Vec::new()),
        Outputs::Typed { files, directories } => (Vec::new(), files.clone(), directories.clone()),
    };
    let variable =
        |(name, value): &(String, String)| EnvironmentVariable { name: name.clone(), value: value.clone() };
    let format = match command.directory_format {
        DirectoryFormat::Tree => OutputDirectoryFormat::TreeOnly,
        DirectoryFormat::Directory => OutputDirectoryFormat::DirectoryOnly,
        DirectoryFormat::Both => OutputDirectoryFormat::TreeAndDirectory,
    };
    reapi::Command {
        arguments: command.arguments.clone(),
        environment_variables: command.environment.iter().map(variable).collect(),
        output_files: files,
        output_directories: directories,
        output_paths: paths,
        platform: command.platform.as_ref().map(platform),
        working_directory: command.working_directory.clone(),
        output_node_properties: command.output_node_properties.clone(),
        output_directory_format: format.into(),
    }
}

fn platform(platform: &Platform) -> reapi::Platform {
    let property = |(name, value): &(String, String)| reapi::platform::Property {
        name: name.clone(),
        value: value.clone(),
    };
    reapi::Platform { properties: platform.properties.iter().map(property).collect() }
}

/// A directory.
#[must_use]
pub fn directory(directory: &Directory) -> reapi::Directory {
    let file = |file: &FileNode| reapi::FileNode {
        name: file.name.clone(),
        digest: Some(digest(&file.digest)),
        is_executable: file.executable,
        node_properties: node_properties(&file.properties),
    };
    let child = |child: &DirectoryNode| reapi::DirectoryNode {
        name: child.name.clone(),
        digest: Some(digest(&child.digest)),
    };
    let link = |link: &SymlinkNode| reapi::SymlinkNode {
        name: link.name.clone(),
        target: link.target.clone(),
        node_properties: node_properties(&link.properties),
    };
    reapi::Directory {
        files: directory.files.iter().map(file).collect(),
        directories: directory.directories.iter().map(child).collect(),
        symlinks: directory.symlinks.iter().map(link).collect(),
        node_properties: node_properties(&directory.properties),
    }
}

/// A result, without its subactions, which REAPI's message does not have.
#[allow(deprecated)]
#[must_use]
pub fn action_result(result: &ActionResult) -> reapi::ActionResult {
    let links =
        |kind| result.symlinks.iter().filter(move |link| link.kind == kind).map(symlink).collect::<Vec<_>>();
    reapi::ActionResult {
        output_files: result.files.iter().map(output_file).collect(),
        output_file_symlinks: links(SymlinkKind::ToFile),
        output_symlinks: result.symlinks.iter().map(symlink).collect(),
        output_directories: result.directories.iter().map(output_directory).collect(),
        output_directory_symlinks: links(SymlinkKind::ToDirectory),
        exit_code: result.exit_code,
        stdout_raw: result.stdout.raw.clone(),
        stdout_digest: result.stdout.digest.as_ref().map(digest),
        stderr_raw: result.stderr.raw.clone(),
        stderr_digest: result.stderr.digest.as_ref().map(digest),
        execution_metadata: Some(metadata(&result.metadata)),
    }
}

fn output_file(file: &OutputFile) -> reapi::OutputFile {
    reapi::OutputFile {
        path: file.path.clone(),
        digest: Some(digest(&file.digest)),
        is_executable: file.executable,
        contents: file.contents.clone(),
        node_properties: node_properties(&file.properties),
    }
}

fn output_directory(directory: &OutputDirectory) -> reapi::OutputDirectory {
    reapi::OutputDirectory {
        path: directory.path.clone(),
        tree_digest: directory.tree.as_ref().map(digest),
        is_topologically_sorted: directory.topologically_sorted,
        root_directory_digest: directory.root.as_ref().map(digest),
    }
}

fn symlink(link: &OutputSymlink) -> reapi::OutputSymlink {
    reapi::OutputSymlink {
        path: link.path.clone(),
        target: link.target.clone(),
        node_properties: node_properties(&link.properties),
    }
}

fn node_properties(node: &NodeProperties) -> Option<reapi::NodeProperties> {
    if node.is_empty() {
        return None;
    }
    let property =
        |(name, value): &(String, String)| reapi::NodeProperty { name: name.clone(), value: value.clone() };
    Some(reapi::NodeProperties {
        properties: node.properties.iter().map(property).collect(),
        mtime: node.mtime.map(|(seconds, nanos)| well_known::Timestamp { seconds, nanos }),
        unix_mode: node.unix_mode.map(|value| well_known::UInt32Value { value }),
    })
}

fn metadata(metadata: &ExecutionMetadata) -> reapi::ExecutedActionMetadata {
    let others = metadata.auxiliary.iter();
    let others =
        others.map(|(type_url, value)| well_known::Any { type_url: type_url.clone(), value: value.clone() });
    reapi::ExecutedActionMetadata {
        worker: metadata.worker.clone(),
        queued_timestamp: time_to_proto(metadata.queued),
        worker_start_timestamp: time_to_proto(metadata.worked.start),
        worker_completed_timestamp: time_to_proto(metadata.worked.end),
        input_fetch_start_timestamp: time_to_proto(metadata.fetched.start),
        input_fetch_completed_timestamp: time_to_proto(metadata.fetched.end),
        execution_start_timestamp: time_to_proto(metadata.executed.start),
        execution_completed_timestamp: time_to_proto(metadata.executed.end),
        virtual_execution_duration: metadata.virtual_duration.map(duration_to_proto),
        output_upload_start_timestamp: time_to_proto(metadata.uploaded.start),
        output_upload_completed_timestamp: time_to_proto(metadata.uploaded.end),
        auxiliary_metadata: metadata.usage.iter().map(usage::encode).chain(others).collect(),
    }
}
