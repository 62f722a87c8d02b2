//! From our types to REAPI's messages.

use std::time::{Duration, SystemTime};

use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};
use spec_model::{
    ActionResult, Digest, ExecutionMetadata, OutputDirectory, OutputFile, OutputSymlink, SymlinkKind,
};
use spec_proto::{reapi, well_known};

use super::usage;

/// A digest.
#[must_use]
pub fn digest(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: i64::try_from(digest.size()).unwrap_or(i64::MAX) }
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
        queued_timestamp: time(metadata.queued),
        worker_start_timestamp: time(metadata.worked.start),
        worker_completed_timestamp: time(metadata.worked.end),
        input_fetch_start_timestamp: time(metadata.fetched.start),
        input_fetch_completed_timestamp: time(metadata.fetched.end),
        execution_start_timestamp: time(metadata.executed.start),
        execution_completed_timestamp: time(metadata.executed.end),
        virtual_execution_duration: metadata.virtual_duration.map(duration),
        output_upload_start_timestamp: time(metadata.uploaded.start),
        output_upload_completed_timestamp: time(metadata.uploaded.end),
        auxiliary_metadata: metadata.usage.iter().map(usage::encode).chain(others).collect(),
    }
}

pub(super) fn duration(duration: Duration) -> well_known::Duration {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    well_known::Duration { seconds, nanos: duration.subsec_nanos().cast_signed() }
}

pub(super) fn time(time: Option<SystemTime>) -> Option<well_known::Timestamp> {
    let (seconds, nanos) = match time?.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).ok()?, after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let (seconds, nanos) = (i64::try_from(before.as_secs()).ok()?, before.subsec_nanos());
            if nanos == 0 { (-seconds, 0) } else { (-seconds - 1, 1_000_000_000 - nanos) }
        }
    };
    Some(well_known::Timestamp { seconds, nanos: nanos.cast_signed() })
}
