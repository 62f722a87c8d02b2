//! The settings of `shell`: its command, environment and files.

use spec_model::{Mapping, Node, NodeError, NodeKind};

/// The project's settings for interactive shells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shell {
    /// The command when the user gives none.
    pub command: Vec<String>,
    /// Environment variables, in order; `$NAME` refers to the environment of the host and is not expanded here.
    pub environment: Vec<(String, String)>,
    /// Files and directories of the host that are mounted inside.
    pub host_files: Vec<HostFile>,
}

/// A file or directory of the host that is mounted in a shell's sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFile {
    /// Its path inside.
    pub path: String,
    /// Its path on the host.
    pub host_path: String,
    /// Whether it is no error when the host has none.
    pub optional: bool,
}

impl Shell {
    pub(super) fn new(mapping: &Mapping) -> Result<Self, NodeError> {
        mapping.validate_keys(&["command", "environment", "host-files"])?;
        let environment = match mapping.opt_mapping("environment")? {
            None => Vec::new(),
            Some(entries) => entries
                .entries
                .iter()
                .map(|(name, node)| Ok((name.to_string(), node.as_str()?.to_owned())))
                .collect::<Result<_, NodeError>>()?,
        };
        Ok(Self {
            command: mapping.require("command")?.as_str_list()?,
            environment,
            host_files: mapping
                .sequence_or_empty("host-files")?
                .iter()
                .map(host_file)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn host_file(node: &Node) -> Result<HostFile, NodeError> {
    if let NodeKind::Scalar(path) = &node.kind {
        return Ok(HostFile { path: path.to_string(), host_path: path.to_string(), optional: false });
    }
    let mapping = node.as_mapping()?;
    mapping.validate_keys(&["path", "host_path", "optional"])?;
    let path = mapping.str("path")?.to_owned();
    Ok(HostFile {
        host_path: mapping.opt_str("host_path")?.unwrap_or(&path).to_owned(),
        optional: mapping.bool_or("optional", false)?,
        path,
    })
}
