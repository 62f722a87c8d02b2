//! Makes stores, trees, actions and records for tests from short texts.

use std::sync::Arc;

use spec_action::wire;
use spec_cas::{Cas, TreeBuilder};
use spec_model::{ActionResult, AnswerSource, Digest, OutputFile, Subaction};
use spec_proto::{Message, reapi};

use crate::record::{Content, Origin, Record, RecordedAction, RecordedInput, RecordedOutput};
use crate::resolve::Invalidated;
use crate::{ExpandedRecord, Fact, Resolver, look_up};

/// A store in a temporary folder.
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

    /// An action in `src` with these arguments.
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

    /// An action that the action cache answered with outputs `PATH=TEXT`.
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
            answered: AnswerSource::CacheHit,
            asked: std::time::SystemTime::UNIX_EPOCH,
            took: std::time::Duration::ZERO,
            outcome: Ok(result),
        }
    }
}

/// A record that a test builds.
pub(crate) struct RecordDraft<'a> {
    pub(crate) store: &'a Store,
    pub(crate) record: Record,
}

impl<'a> RecordDraft<'a> {
    pub(crate) fn of(store: &'a Store, element: &str) -> Self {
        Self { store, record: Record::of(element) }
    }

    /// `PATH=TEXT`, or `PATH*=TEXT` for an executable, from `source ELEMENT:PATH`, `artifact ELEMENT:PATH` or `action
    /// ELEMENT:PATH` of `base`.
    pub(crate) fn input(&mut self, entry: &str, origins: &[(&str, Option<Digest>)]) {
        let (path, text) = entry.split_once('=').expect("PATH=TEXT");
        let origins = origins.iter().map(|(origin, base)| {
            let (kind, place) = origin.split_once(' ').expect("KIND ELEMENT:PATH");
            let (element, path) = place.rsplit_once(':').expect("ELEMENT:PATH");
            let (element, path) = (self.record.element_index(element), self.record.paths.add(path));
            match (kind, base) {
                ("source", _) => Origin::Source { element, path },
                ("artifact", _) => Origin::Artifact { element, path },
                (_, Some(base)) => Origin::Action { element, base: *base, path },
                _ => panic!("an action has a base"),
            }
        });
        let origins = origins.collect();
        let name = path.trim_end_matches('*');
        let content = Content::File { digest: self.store.blob(text), executable: name != path };
        let input = RecordedInput { path: self.record.paths.add(name), content, origins };
        self.record.inputs.push(input);
    }

    /// An action with these inputs and outputs, `PATH=TEXT`.
    pub(crate) fn action(&mut self, words: &str, inputs: &[&str], outputs: &[&str]) -> Digest {
        let base = self.store.action(words, &self.store.tree(inputs));
        let output = |entry: &&str| {
            let (path, text) = entry.split_once('=').expect("PATH=TEXT");
            let path = self.record.paths.add(path);
            RecordedOutput { path, digest: self.store.blob(text), executable: false }
        };
        let outputs = outputs.iter().map(output).collect();
        let (took_ms, cpu_ms, hits, misses) = (10, 10, 0, 0);
        self.record.actions.push(RecordedAction {
            base,
            outputs,
            platforms: vec![],
            took_ms,
            cpu_ms,
            hits,
            misses,
            earlier: vec![],
        });
        base
    }

    pub(crate) fn expand(&self) -> Arc<ExpandedRecord> {
        Arc::new(ExpandedRecord::of(&self.store.cas, self.record.clone()).expect("the store works"))
    }
}

/// Tells a resolver the files of an element's artifact.
pub(crate) fn artifact_known(
    resolver: &mut Resolver,
    store: &Store,
    element: &str,
    entries: &[&str],
) -> Invalidated {
    let fact = Fact::Artifact(resolver.element_id(element));
    let tree = store.tree(entries);
    let found = look_up(&store.cas, &tree, &resolver.wanted_paths(fact)).expect("the store works");
    resolver.set_origins(found)
}
