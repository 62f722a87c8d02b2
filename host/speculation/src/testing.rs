//! A small distribution for tests: stores, trees and actions in a few words.

use spec_cas::{Cas, TreeBuilder};
use spec_exec::wire;
use spec_model::{ActionResult, Answered, Digest, OutputFile, Subaction};
use spec_proto::{Message, reapi};

/// A store in a folder that goes with it.
pub(crate) struct Store {
    pub(crate) cas: Cas,
    _folder: tempfile::TempDir,
}

impl Store {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        Self { cas, _folder: folder }
    }

    pub(crate) fn blob(&self, text: &str) -> Digest {
        self.cas.put_bytes(text.as_bytes()).expect("the store takes it")
    }

    /// A tree of `PATH=TEXT`, `PATH*=TEXT` for executables, and `PATH -> TARGET`.
    pub(crate) fn tree(&self, entries: &[&str]) -> Digest {
        let mut builder = TreeBuilder::new();
        for entry in entries {
            let added = match (entry.split_once(" -> "), entry.split_once('=')) {
                (Some((path, target)), _) => builder.add_symlink(path, target),
                (None, Some((path, text))) => {
                    let name = path.trim_end_matches('*');
                    builder.add_file(name, self.blob(text), name != path)
                }
                (None, None) => builder.add_directory(entry),
            };
            added.expect("the entry has a good path");
        }
        builder.store(&self.cas).expect("the store takes it")
    }

    /// An action in `src` with a command of these words.
    pub(crate) fn action(&self, words: &str, input_root: &Digest) -> Digest {
        self.action_on(words, input_root, &[], "src")
    }

    /// An action with platform properties `NAME`, `VALUE`, in a working directory.
    #[allow(deprecated)]
    pub(crate) fn action_on(
        &self,
        words: &str,
        input_root: &Digest,
        platform: &[(&str, &str)],
        at: &str,
    ) -> Digest {
        let property = |(name, value): &(&str, &str)| reapi::platform::Property {
            name: (*name).into(),
            value: (*value).into(),
        };
        let platform = reapi::Platform { properties: platform.iter().map(property).collect() };
        let platform = Some(platform).filter(|platform| !platform.properties.is_empty());
        let command = reapi::Command {
            arguments: words.split(' ').map(str::to_owned).collect(),
            working_directory: at.to_owned(),
            platform: platform.clone(),
            ..reapi::Command::default()
        };
        let command = self.cas.put_bytes(&command.encode_to_vec()).expect("the store takes it");
        let action = reapi::Action {
            command_digest: Some(wire::digest_to_proto(&command)),
            input_root_digest: Some(wire::digest_to_proto(input_root)),
            platform,
            ..reapi::Action::default()
        };
        self.cas.put_bytes(&action.encode_to_vec()).expect("the store takes it")
    }

    /// An action that was answered with outputs `PATH=TEXT`.
    pub(crate) fn answered(&self, action: Digest, outputs: &[&str]) -> Subaction {
        let file = |entry: &&str| {
            let (path, text) = entry.split_once('=').expect("PATH=TEXT");
            OutputFile {
                path: path.to_owned(),
                digest: self.blob(text),
                executable: false,
                properties: Default::default(),
                contents: Vec::new(),
            }
        };
        let result = ActionResult { files: outputs.iter().map(file).collect(), ..ActionResult::default() };
        Subaction {
            action,
            answered: Answered::CacheHit,
            asked: std::time::SystemTime::UNIX_EPOCH,
            took: std::time::Duration::ZERO,
            outcome: Ok(result),
        }
    }
}
