//! A store with a shell, and actions in it.

use std::path::Path;
use std::process::Command as Host;
use std::sync::Arc;

use spec_action::wire::digest_to_proto;
use spec_cas::{Cas, Layer, Take, TreeBuilder};
use spec_model::{ActionResult, Cancel, Digest, DigestFunction, UserError};
use spec_proto::{Message, reapi, well_known};

use crate::local::{LocalExecutor, LocalOptions};
use crate::outcome::{ActionAnswer, ActionError};
use crate::pool::{Executions, PoolOptions};
use crate::request::ActionRequest;
use crate::result_cache::ResultCache;
use crate::rights::Rights;

pub(super) struct Fixture {
    /// Removed with the fixture, if it is the fixture's.
    folder: Option<tempfile::TempDir>,
    pub(super) cas: Cas,
    pub(super) cache: ResultCache,
    pub(super) chroot: Digest,
}

/// An action about to be made. Changed through its fields.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) action: reapi::Action,
    pub(super) command: reapi::Command,
    pub(super) properties: Vec<(String, String)>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut fixture = Self::at(folder.path());
        fixture.folder = Some(folder);
        fixture
    }

    /// With these programs of the machine in the root, beside those that every fixture has.
    pub(super) fn with_programs(programs: &[&str]) -> Self {
        let mut fixture = Self::new();
        let more = tree_of_programs(&fixture.cas, programs);
        fixture.chroot = fixture.merged(more);
        fixture
    }

    /// The root with more entries, written as for [`Self::tree`], laid over it.
    pub(super) fn over_chroot(&self, entries: &[(&str, &str)]) -> Digest {
        self.merged(self.tree(entries))
    }

    fn merged(&self, tree: Digest) -> Digest {
        let layers = [Layer::whole(self.chroot), Layer::whole(tree)];
        self.cas.merge(&layers).expect("they fit").root
    }

    /// One for each digest function.
    pub(super) fn all() -> [Self; 2] {
        DigestFunction::ALL.map(|function| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let fixture = Self::over(Cas::open_with(folder.path(), function).expect("a store"));
            Self { folder: Some(folder), ..fixture }
        })
    }

    /// With the store in this folder, which stays.
    pub(super) fn at(folder: &Path) -> Self {
        Self::over(Cas::open(folder.join("cas")).expect("a store"))
    }

    pub(super) fn over(cas: Cas) -> Self {
        let (cache, chroot) = (ResultCache::new(&cas), shell(&cas));
        Self { folder: None, cas, cache, chroot }
    }

    pub(super) fn pool(&self, workers: usize, max_queued: usize) -> Executions {
        self.pool_with(LocalOptions::default(), PoolOptions { workers, max_queued })
    }

    pub(super) fn pool_with(&self, local: LocalOptions, pool: PoolOptions) -> Executions {
        let executor = Arc::new(LocalExecutor::new(self.cas.clone(), local));
        Executions::start(self.cas.clone(), self.cache.clone(), executor, pool).expect("threads")
    }

    /// Files by path; a target after `->` makes a link, a `/` at the end a directory, a `*` an executable.
    pub(super) fn tree(&self, entries: &[(&str, &str)]) -> Digest {
        let mut builder = TreeBuilder::new();
        for (path, text) in entries {
            let added = match (path.strip_suffix('/'), path.strip_suffix('*'), text.strip_prefix("->")) {
                (Some(path), ..) => builder.add_directory(path),
                (_, Some(path), _) => builder.add_file(path, self.blob(text), true),
                (_, _, Some(target)) => builder.add_symlink(path, target),
                _ => builder.add_file(path, self.blob(text), false),
            };
            added.expect("the path is good");
        }
        builder.store(&self.cas).expect("the store takes it")
    }

    pub(super) fn blob(&self, text: &str) -> Digest {
        self.cas.put_bytes(text.as_bytes()).expect("the store takes it")
    }

    pub(super) fn text(&self, digest: &Digest) -> String {
        String::from_utf8(self.cas.get(digest).expect("it is here")).expect("it is text")
    }

    /// A shell script over the root with the shell; the input root is empty.
    pub(super) fn script(&self, script: &str, output_paths: &[&str]) -> Draft {
        Draft {
            action: reapi::Action {
                input_root_digest: Some(digest_to_proto(&self.cas.digest(b""))),
                timeout: Some(well_known::Duration { seconds: 60, nanos: 0 }),
                ..reapi::Action::default()
            },
            command: reapi::Command {
                arguments: ["/bin/sh", "-c", script].map(str::to_owned).into(),
                output_paths: output_paths.iter().map(|path| (*path).to_owned()).collect(),
                ..reapi::Command::default()
            },
            properties: vec![("chrootRootDigest".to_owned(), self.chroot.to_string())],
        }
    }

    /// Stores the action.
    pub(super) fn store(&self, draft: &Draft) -> Digest {
        let Draft { mut action, command, properties } = draft.clone();
        let command = self.cas.put_bytes(&command.encode_to_vec()).expect("the store takes it");
        action.command_digest.get_or_insert(digest_to_proto(&command));
        let properties = properties.into_iter();
        let properties = properties.map(|(name, value)| reapi::platform::Property { name, value });
        action.platform = Some(reapi::Platform { properties: properties.collect() });
        self.cas.put_bytes(&action.encode_to_vec()).expect("the store takes it")
    }

    /// Stores the action with the platform in its command, as clients of REAPI before 2.2 have it.
    pub(super) fn store_with_old_platform(&self, draft: &Draft) -> Digest {
        let property = |(name, value): &(String, String)| reapi::platform::Property {
            name: name.clone(),
            value: value.clone(),
        };
        #[allow(deprecated)]
        let command = reapi::Command {
            platform: Some(reapi::Platform { properties: draft.properties.iter().map(property).collect() }),
            ..draft.command.clone()
        };
        let command = self.cas.put_bytes(&command.encode_to_vec()).expect("the store takes it");
        let command_digest = Some(digest_to_proto(&command));
        let action = reapi::Action { command_digest, platform: None, ..draft.action.clone() };
        self.cas.put_bytes(&action.encode_to_vec()).expect("the store takes it")
    }

    /// Runs the action, and answers with its result or the code of the error.
    pub(super) fn run(&self, draft: &Draft) -> Result<ActionResult, String> {
        let answer = self.answer(draft);
        answer.map(|done| done.result.clone()).map_err(|error| error.reason().to_owned())
    }

    pub(super) fn answer(&self, draft: &Draft) -> ActionAnswer {
        self.pool(1, 10).execute(&request(self.store(draft)), &Cancel::new())
    }

    pub(super) fn error(&self, draft: &Draft) -> ActionError {
        self.answer(draft).expect_err("the action cannot run")
    }
}

/// A request for an action that may have what clients of a server may have.
pub(super) fn request(action: Digest) -> ActionRequest {
    ActionRequest::new(action, Arc::new(Rights::of_clients()))
}

impl Draft {
    pub(super) fn inputs(mut self, tree: Digest) -> Self {
        self.action.input_root_digest = Some(digest_to_proto(&tree));
        self
    }

    pub(super) fn cwd(mut self, path: &str) -> Self {
        self.command.working_directory = path.to_owned();
        self
    }

    pub(super) fn property(mut self, name: &str, value: &str) -> Self {
        self.properties.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// The machine's own shell and a few programs, as a tree.
fn shell(cas: &Cas) -> Digest {
    let programs = [
        "/bin/sh",
        "/bin/ln",
        "/bin/mkdir",
        "/bin/rm",
        "/bin/chmod",
        "/bin/sleep",
        "/bin/dd",
        "/usr/bin/mkfifo",
    ];
    tree_of_programs(cas, &programs)
}

/// Programs of the machine with the libraries that they name.
fn tree_of_programs(cas: &Cas, programs: &[&str]) -> Digest {
    let mut builder = TreeBuilder::new();
    let mut add = |host: &Path, inside: &str| {
        let digest = cas.put_file(host, Take::Copy).expect("the store takes it");
        builder.add_file(inside, digest, true).expect("the path is good");
    };
    for program in programs {
        add(Path::new(program), &format!("bin/{}", program.rsplit('/').next().unwrap_or(program)));
        let listed = Host::new("ldd").arg(program).output().expect("ldd comes with libc").stdout;
        let listed = String::from_utf8(listed).expect("paths are UTF-8");
        for path in listed.split_whitespace().filter(|word| word.starts_with('/')) {
            add(Path::new(path), path.trim_start_matches('/'));
        }
    }
    builder.add_symlink("merged", "bin").expect("the path is good");
    builder.store(cas).expect("the store takes it")
}
