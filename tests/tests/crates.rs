//! Crates of a `Cargo.lock` from registries and git repositories, as BuildStream's plugin stages them.

#[path = "../../host/source/tests/common/git_server.rs"]
mod git_server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use git_server::{GitHttp, git};
use spec_testkit::{Host, Oracle, Outcome, Project};
use tempfile::TempDir;

const CONF: &str = "name: test
min-version: 2.0
element-path: elements
plugins:
- origin: pip
  package-name: buildstream-plugins-community
  sources: [cargo2]
aliases:
  git: GIT
  crates: CRATES
";

const PROGRAM: &str =
    "fn main() { println!(\"{} {} {} {}\", alone::NAME, member::NAME, root::NAME, packed::NAME); }\n";

/// Repositories with a crate, a workspace without one at its root, and one with one; and the archive of a crate.
struct Upstream {
    folder: TempDir,
    server: GitHttp,
}

impl Upstream {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let files = [
            ("alone/Cargo.toml", "[package]\nname = \"alone\"\nversion = \"0.1.0\" # the first\n"),
            ("alone/build.sh", "#!/bin/sh\n"),
            (
                "many/Cargo.toml",
                "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"2\"\n\n[workspace.package]\nversion = \"1.0.0\"\nedition = \
                 \"2021\"\nauthors = [\"A\", \"B\"]\n\n[workspace.dependencies]\nnear = { path = \"near\", features = \
                 [\"a\"] }\npacked = \"0.3\"\n\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n",
            ),
            (
                "many/crates/member/Cargo.toml",
                "[package]\nname = \"member\"\nversion.workspace = true\nedition = { workspace = true }\nauthors.workspace = \
                 true\n\n[dependencies]\nnear = { path = \"../../near\", features = [\"b\"] }\npacked.workspace = \
                 true\n\n[target.'cfg(unix)'.dependencies]\npacked = { workspace = true }\n\n[[example]]\nname = \
                 \"e\"\n\n[lints]\nworkspace = true\n\n[package.metadata]\nodd = [1, 2.5, \"a\\\"b\", { c = 1979-05-27 }]\n",
            ),
            ("many/crates/member/examples/e.rs", "fn main() {}\n"),
            (
                "many/near/Cargo.toml",
                "[package]\nname = \"near\"\nversion.workspace = true\n[features]\na = []\nb = []\n",
            ),
            (
                "rooted/Cargo.toml",
                "[package]\nname = \"root\"\nversion = \"2.0.0\"\n\n[workspace]\nmembers = [\"other\"]\n",
            ),
            ("rooted/other/Cargo.toml", "[package]\nname = \"other\"\nversion = \"2.0.0\"\n"),
        ];
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it is below")).expect("it can be made");
            fs::write(path, text).expect("it can be written");
        };
        files.iter().for_each(|(path, text)| write(path, text));
        for crate_folder in ["alone", "many/crates/member", "many/near", "rooted", "rooted/other"] {
            let (_, name) = crate_folder.rsplit_once('/').unwrap_or(("", crate_folder));
            write(&format!("{crate_folder}/src/lib.rs"), &format!("pub const NAME: &str = \"{name}\";\n"));
        }
        for repository in ["alone", "many", "rooted"] {
            let path = folder.path().join(repository);
            git(&path, &["init", "-q"]);
            git(&path, &["add", "-A"]);
            git(
                &path,
                &[
                    "update-index",
                    "--chmod=+x",
                    "--",
                    if repository == "alone" { "build.sh" } else { "Cargo.toml" },
                ],
            );
            git(&path, &["commit", "-qm", "c"]);
        }
        fs::create_dir_all(folder.path().join("crates/packed")).expect("the folder is new");
        fs::write(folder.path().join("crates/packed/packed-0.3.1.crate"), packed()).expect("it is new");
        let server = GitHttp::new(folder.path());
        Self { folder, server }
    }

    fn commit(&self, repository: &str) -> String {
        git(&self.folder.path().join(repository), &["rev-parse", "HEAD"])
    }

    /// The lock file of a program that needs all of them.
    fn lock(&self) -> String {
        let of = |repository: &str, query: &str| {
            format!("git+{}{query}#{}", self.server.url(repository), self.commit(repository))
        };
        let registry = "registry+https://github.com/rust-lang/crates.io-index".to_owned();
        let sha = spec_model::Digest::of(&packed()).hex();
        let app = "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"alone\", \"member\", \"packed\", \"root\"]\n";
        let mut lock = format!("version = 4\n\n{app}");
        for (name, version, source, more) in [
            ("alone", "0.1.0", of("alone", ""), String::new()),
            (
                "member",
                "1.0.0",
                of("many", "?branch=main"),
                "dependencies = [\"near\", \"packed\"]\n".to_owned(),
            ),
            ("near", "1.0.0", of("many", "?branch=main"), String::new()),
            ("packed", "0.3.1", registry, format!("checksum = \"{sha}\"\n")),
            ("root", "2.0.0", of("rooted", ""), String::new()),
        ] {
            lock += &format!(
                "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\n{more}"
            );
        }
        lock
    }

    fn project(&self) -> Project {
        let crates = format!("file://{}/crates/", self.folder.path().display());
        let manifest = format!(
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nalone = {{ git = \"{0}alone\" }}\n\
             member = {{ git = \"{0}many\", branch = \"main\" }}\nroot = {{ git = \"{0}rooted\" }}\npacked = \"0.3\"\n",
            self.server.url("")
        );
        Project::of(&[
            ("project.conf", &CONF.replace("GIT", &self.server.url("")).replace("CRATES", &crates)),
            (
                "elements/a.bst",
                "kind: import\nsources:\n- kind: local\n  path: files\n- kind: cargo2\n  url: 'crates:'\n  git-mirrors: {}\n",
            ),
            ("files/Cargo.lock", &self.lock()),
            ("files/Cargo.toml", &manifest),
            ("files/src/main.rs", PROGRAM),
        ])
    }
}

fn packed() -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in [
        ("packed-0.3.1/Cargo.toml", "[package]\nname = \"packed\"\nversion = \"0.3.1\"\n"),
        ("packed-0.3.1/src/lib.rs", "pub const NAME: &str = \"packed\";\n"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, path, text.as_bytes()).expect("writing to memory");
    }
    tar.into_inner().and_then(GzEncoder::finish).expect("writing to memory")
}

/// The files below a folder with their contents and whether they are executable; of repositories that there is one.
fn files(root: &Path) -> BTreeMap<PathBuf, (String, bool)> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("it is a folder") {
            let path = entry.expect("it can be read").path();
            let name = path.strip_prefix(root).expect("it is below").to_path_buf();
            if path.file_name().is_some_and(|name| name == ".git") {
                found.insert(name, ("a repository".to_owned(), false));
            } else if path.is_dir() {
                waiting.push(path);
            } else {
                let mode = std::os::unix::fs::PermissionsExt::mode(
                    &path.metadata().expect("it is there").permissions(),
                );
                found.insert(name, (fs::read_to_string(&path).expect("it is text"), mode & 0o100 != 0));
            }
        }
    }
    found
}

/// Compares two checkouts. Manifests of workspaces are written anew, so what they say counts, and not how.
fn same_files(ours: &Path, theirs: &Path) {
    let (ours, theirs) = (files(ours), files(theirs));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (path, (text, executable)) in &ours {
        let (expect, expected) = &theirs[path];
        assert_eq!(executable, expected, "{}", path.display());
        match path.ends_with("Cargo.toml") {
            true => assert_eq!(toml(text), toml(expect), "{text}\n{expect}"),
            false => assert_eq!(text, expect, "{}", path.display()),
        }
    }
}

fn toml(text: &str) -> toml::Table {
    toml::from_str(text).expect("a manifest")
}

fn check_out(command: &mut Command, folder: &Path) {
    command.args(["source", "checkout", "--directory"]).arg(folder).arg("a.bst");
    let _ = Outcome::of(command, Duration::from_secs(120)).success();
}

#[test]
fn crates_of_git_repositories_are_staged_as_by_buildstream() {
    let (host, oracle, upstream) = (Host::new(), Oracle::new(), Upstream::new());
    let project = upstream.project();
    let _ = host.run(&project, &["source", "track", "a.bst"]).success();
    let tracked = project.read("elements/a.bst");
    project.write("elements/a.bst", tracked.split("  ref:").next().expect("there is a beginning"));
    let _ = oracle.bst(&project, &["source", "track", "a.bst"]).success();
    assert_eq!(tracked, project.read("elements/a.bst"), "the ref is the same");
    let out = tempfile::tempdir().expect("a temporary folder can be made");
    let (ours, theirs) = (out.path().join("ours"), out.path().join("theirs"));
    let _ = host.run(&project, &["source", "fetch", "a.bst"]).success();
    let _ = oracle.bst(&project, &["source", "fetch", "a.bst"]).success();
    check_out(&mut host.command(&project), &ours);
    check_out(&mut oracle.command(&project), &theirs);
    same_files(&ours, &theirs);
    let key = ["show", "--deps", "none", "--format", "%{full-key} %{state}\n%{source-info}", "a.bst"];
    let (shown, expect) = (host.run(&project, &key), oracle.bst(&project, &key));
    assert_eq!(shown.success().trim_end(), expect.success().trim_end());
    program_is_built(&ours.join("a"), out.path());
}

/// Cargo builds the program of what was staged, without looking anywhere else.
fn program_is_built(sources: &Path, home: &Path) {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(sources).env("CARGO_HOME", home.join("cargo")).env("CARGO_NET_OFFLINE", "true");
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR").args(["run", "-q", "--locked"]);
    let outcome = Outcome::of(&mut cargo, Duration::from_secs(300));
    assert_eq!(outcome.success(), "alone member rooted packed\n");
}

/// The entries of a ref, the reason, and what the error says.
#[test]
fn what_cannot_be_staged_is_refused() {
    let upstream = Upstream::new();
    let (many, alone) = (upstream.commit("many"), upstream.commit("alone"));
    let entry = |name: &str, version: &str, repository: &str, commit: &str| {
        format!(
            "  - {{kind: git, name: {name}, version: {version}, repo: 'git:{repository}', commit: '{commit}'}}\n"
        )
    };
    for (entries, fetches, reason, says) in [
        (
            entry("other", "1", "many", &many),
            true,
            "git-bad-crate",
            ["has only the crates member, near", "other"],
        ),
        (entry("near", "1", "alone", &alone), true, "git-bad-crate", ["has only the crates alone", "near"]),
        (entry("alone", "1", "alone", &"0".repeat(40)), false, "git-refused", ["000", "alone"]),
        (entry("alone", "1", "no", &alone), false, "download-refused", ["/no", "cargo2 source 2"]),
        (entry("alone", "1", "alone", "main"), false, "invalid-ref", ["'main'", "elements/a.bst:5:3"]),
        (
            entry("alone", "..", "alone", &alone).replace("alone, v", "., v"),
            false,
            "invalid-data",
            ["a.bst:8:5", "file name"],
        ),
        (
            entry("a", "1", "alone", &alone) + &entry("a", "1", "many", &many),
            false,
            "invalid-ref",
            ["version 1 of the crate a twice", "elements/a.bst:5:3"],
        ),
    ] {
        let (host, project) = (Host::new(), upstream.project());
        project.replace("elements/a.bst", "  git-mirrors: {}\n", &format!("  ref:\n{entries}"));
        let fetched = host.run(&project, &["--network-retries", "0", "source", "fetch", "a.bst"]);
        let outcome = match fetches {
            true => host.run(&project, &["source", "checkout", "--directory", "out", "a.bst"]),
            false => fetched,
        };
        outcome.refused(outcome.code.unwrap_or(0), reason, &says);
    }
}
