//! Modules of Go: tracked by `go.sum`, and put into `vendor`.

mod common;
#[path = "common/git_server.rs"]
mod git_server;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Lab, silent, spec, with_text};
use git_server::{GitHttp, git};
use spec_model::{Digest, FilePosition, Mapping, Node, UserError, Value};
use spec_source::{SourceError, SourceSpec};

/// A repository with two versions of a module at its root, one in a folder `sub`, and one whose major version has a folder.
fn repository(lab: &Lab) -> (PathBuf, String) {
    let folder = lab.folder.path().join("repositories/m");
    fs::create_dir_all(&folder).expect("the folder is new");
    git(&folder, &["init", "-q"]);
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it is below")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    };
    let commit = |tags: &[&str]| {
        git(&folder, &["add", "-A"]);
        git(&folder, &["commit", "-qm", "c", "--allow-empty"]);
        tags.iter().for_each(|tag| drop(git(&folder, &["tag", tag])));
        git(&folder, &["rev-parse", "HEAD"])
    };
    write("go.mod", "module github.com/o/m\n\ngo 1.20\n");
    write("m.go", "package m\n");
    write("inner/deep/d.go", "package deep\n");
    write("inner/README", "no package\n");
    write("docs/index.md", "nothing\n");
    commit(&["v1.0.0"]);
    write("sub/go.mod", "module github.com/o/m/sub\n");
    write("sub/s.go", "package sub\n");
    commit(&["sub/v0.1.0", "v1.1.0-rc.1"]);
    write("v2/go.mod", "module github.com/o/m/v2\n\ngo 1.21\n");
    write("v2/two.go", "package m\n");
    commit(&["v2.0.0"]);
    (folder.clone(), commit(&[]))
}

const GO_MOD: &str = "module app\n\ngo 1.22\n\nrequire (\n\tgithub.com/o/m v1.0.0\n\tgithub.com/o/m/v2 v2.0.0 // indirect\n)\n";

/// The sources of a program that needs these modules, each with its URL and its ref.
fn program(lab: &Lab, sum: &str, modules: &[(&str, &str, Option<Mapping>)]) -> Vec<SourceSpec> {
    with_files(lab, &[("go.mod", GO_MOD), ("go.sum", sum)], modules)
}

fn with_files(
    lab: &Lab,
    files: &[(&str, &str)],
    modules: &[(&str, &str, Option<Mapping>)],
) -> Vec<SourceSpec> {
    let folder = lab.new_folder();
    files.iter().for_each(|(name, text)| drop(lab.write(&format!("{folder}/{name}"), text.as_bytes())));
    let mut specs = vec![spec("local", &[("path", &folder)])];
    for (module, url, reference) in modules {
        let mut declared = spec("go_module", &[("module", module), ("url", url)]);
        declared.position = Some(FilePosition { file: "app.bst".into(), line: 7, column: 3 });
        if let Some(reference) = reference {
            declared.config.set("ref", reference.clone());
        }
        specs.push(declared);
    }
    specs
}

fn reference(pairs: &[(&str, &str)]) -> Value {
    Value::map(pairs.iter().map(|(key, value)| (*key, Value::from(*value))))
}

fn text(lab: &Lab, root: &Digest, path: &str) -> Option<String> {
    let cas = &lab.context.cas;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder =
        if folder.is_empty() { Some(*root) } else { cas.subtree(root, folder).expect("the store works") };
    let folder = cas.directory(&folder?).expect("it is in the store");
    let file = folder.files.iter().find(|file| file.name == name)?;
    String::from_utf8(cas.get(&file.digest).expect("it is there")).ok()
}

/// The refs that tracking finds, and the tree that is staged with them.
fn tracked(lab: &Lab, specs: &[SourceSpec]) -> Result<(Vec<Value>, Digest), SourceError> {
    let mut sources = lab.sources(specs)?;
    let refs = sources.track(&silent())?.into_iter().map(|(_, tracked)| tracked.new.to_value()).collect();
    Ok((refs, sources.fetch(&silent())?))
}

fn check(url: &dyn Fn(&Path) -> String) {
    let lab = Lab::new();
    let (folder, head) = repository(&lab);
    let url = url(&folder);
    let commit = |name: &str| git(&folder, &["rev-parse", name]);
    let pseudo = format!("v0.0.0-20231114221320-{}", &head[..12]);
    let sum = format!(
        "github.com/o/m v1.0.0/go.mod h1:x=\ngithub.com/o/m v1.0.0 h1:x=\ngithub.com/o/m/sub v0.1.0 h1:x=\n\
         github.com/o/m/v2 v2.0.0 h1:x=\ngithub.com/o/m/other {pseudo} h1:x=\n"
    );
    let names = ["github.com/o/m", "github.com/o/m/sub", "github.com/o/m/v2"];
    let modules: Vec<_> = names.iter().map(|name| (*name, url.as_str(), None)).collect();
    let (refs, tree) = tracked(&lab, &program(&lab, &sum, &modules)).expect("they are there");
    let described = |tag: &str| format!("{tag}-0-g{}", commit(tag));
    let expect = [
        reference(&[("go-version", "v1.0.0"), ("git-ref", &described("v1.0.0"))]),
        reference(&[
            ("go-version", "v0.1.0"),
            ("git-ref", &described("sub/v0.1.0")),
            ("subdirectory", "sub"),
        ]),
        reference(&[("go-version", "v2.0.0"), ("git-ref", &described("v2.0.0"))]),
    ];
    assert_eq!(refs, expect);
    assert_eq!(text(&lab, &tree, "vendor/github.com/o/m/m.go").as_deref(), Some("package m\n"));
    assert_eq!(text(&lab, &tree, "vendor/github.com/o/m/docs/index.md").as_deref(), Some("nothing\n"));
    assert_eq!(text(&lab, &tree, "vendor/github.com/o/m/sub/s.go").as_deref(), Some("package sub\n"));
    assert_eq!(text(&lab, &tree, "vendor/github.com/o/m/v2/two.go").as_deref(), Some("package m\n"));
    assert_eq!(
        text(&lab, &tree, "vendor/github.com/o/m/v2/m.go"),
        None,
        "the folder of the major version is the module"
    );
    assert_eq!(
        text(&lab, &tree, "vendor/modules.txt").as_deref(),
        Some(
            "# github.com/o/m v1.0.0\n## explicit; go 1.20\ngithub.com/o/m\ngithub.com/o/m/inner/deep\n\
             # github.com/o/m/sub\ngithub.com/o/m/sub\n\
             # github.com/o/m/v2 v2.0.0\n## explicit; go 1.21\ngithub.com/o/m/v2\n"
        )
    );
    let modules = [("github.com/o/m/other", url.as_str(), None)];
    let (refs, _) =
        tracked(&lab, &program(&lab, &sum.replace("/other", ""), &modules[..0])).expect("nothing");
    assert_eq!(refs, []);
    let error = tracked(&lab, &program(&lab, &sum, &modules)).expect_err("there is no such folder");
    assert_eq!(error.reason(), "invalid-ref", "{error}");
    let sum = format!("github.com/o/m {pseudo} h1:x=\n");
    let (refs, _) =
        tracked(&lab, &program(&lab, &sum, &[(names[0], &url, None)])).expect("the commit is there");
    assert_eq!(refs, [reference(&[("go-version", &pseudo), ("git-ref", &head)])]);
}

#[test]
fn modules_of_a_repository_of_this_machine() {
    check(&|folder| format!("file://{}", folder.display()));
}

#[test]
fn modules_of_a_server() {
    let server = std::cell::OnceCell::new();
    check(&|folder| {
        let above = folder.parent().expect("it is below a folder");
        server.get_or_init(|| GitHttp::new(above)).url("m/.git")
    });
}

#[track_caller]
fn refused(lab: &Lab, specs: &[SourceSpec], reason: &str, part: &str) {
    let error = tracked(lab, specs).expect_err("it is wrong");
    assert_eq!(error.reason(), reason, "{error}");
    assert!(error.to_string().contains(part), "{error}");
    assert!(error.position().is_some_and(|position| &*position.file == "app.bst"), "{error}");
    assert!(error.hint().is_some(), "{error}");
}

#[test]
fn what_cannot_be_tracked() {
    let lab = Lab::new();
    let (folder, _) = repository(&lab);
    let url = format!("file://{}", folder.display());
    let one = |sum: &str| program(&lab, sum, &[("github.com/o/m", &url, None)]);
    refused(&lab, &one("github.com/o/x v1.0.0 h1:x=\n"), "lock-file-invalid", "no module 'github.com/o/m'");
    refused(&lab, &one("github.com/o/m v1.0.0\n"), "lock-file-invalid", "line 1");
    refused(&lab, &one("github.com/o/m 1.0 h1:x=\n"), "lock-file-invalid", "'1.0'");
    refused(&lab, &one("github.com/o/m v1.0.9 h1:x=\n"), "git-no-matching-ref", "'v1.0.9'");
    let missing = "github.com/o/m v0.0.0-20231114221320-0123456789ab h1:x=\n";
    refused(&lab, &one(missing), "git-object-missing", "0123456789ab");
    let mut specs = one("");
    specs[0] = spec("local", &[("path", "other")]);
    lab.write("other/x", b"");
    refused(&lab, &specs, "previous-file-missing", "'go.sum'");
}

/// The plugin of buildstream-plugins-community 2.3.1 has it in its refs, and does not ask `go.mod` when it stages.
#[test]
fn explicit_in_refs_counts_for_plugins_that_have_it() {
    const PLUGIN: &str = "edd57ed2b3728ea41d38f00722af2918523526046a662d7c915d3c0dbe838cd7";
    let lab = Lab::new();
    let (folder, _) = repository(&lab);
    let url = format!("file://{}", folder.display());
    let sum = "github.com/o/m v1.0.0 h1:x=\n";
    let listed = |go_mod: &str| {
        let files = [("go.mod", go_mod), ("go.sum", sum)];
        let mut specs = with_files(&lab, &files, &[("github.com/o/m", &url, None)]);
        specs[1] = with_text(specs[1].clone(), PLUGIN, &[]);
        let (refs, tree) = tracked(&lab, &specs).expect("it is there");
        let Value::Map(reference) = &refs[0] else { panic!("{refs:?}") };
        let list = text(&lab, &tree, "vendor/modules.txt").expect("it was made");
        (reference["explicit"].clone(), list.lines().take(2).map(str::to_owned).collect::<Vec<_>>())
    };
    // A name in any place counts, and no `replace` is read.
    let named = "module app\n\nreplace x => ./y z\n// github.com/o/m\n";
    let heading = ["# github.com/o/m v1.0.0", "## explicit; go 1.20"].map(str::to_owned).to_vec();
    assert_eq!(listed(named), (Value::from("True"), heading));
    let heading = ["# github.com/o/m", "github.com/o/m"].map(str::to_owned).to_vec();
    assert_eq!(listed("module app\n"), (Value::from("False"), heading));
}

#[test]
fn what_cannot_be_staged() {
    let lab = Lab::new();
    let (folder, head) = repository(&lab);
    let url = format!("file://{}", folder.display());
    let with = |go_mod: &[(&str, &str)], pairs: &[(&str, &str)]| {
        let mut reference = Mapping::new();
        pairs.iter().for_each(|(key, value)| reference.set(key, Node::text(*value)));
        let specs = with_files(&lab, go_mod, &[("github.com/o/m", &url, Some(reference))]);
        lab.sources(&specs).and_then(|sources| sources.fetch(&silent()))
    };
    let good = [("go-version", "v0.0.0-1-a"), ("git-ref", head.as_str())];
    with(&[("go.mod", GO_MOD)], &good).expect("it is there");
    let check = |go_mod: &[(&str, &str)], pairs: &[(&str, &str)], reason: &str| {
        let error = with(go_mod, pairs).expect_err(reason);
        assert_eq!(error.reason(), reason, "{error}");
    };
    check(&[("go.mod", GO_MOD)], &[&good[..], &[("subdirectory", "missing")]].concat(), "invalid-ref");
    check(&[("go.mod", "replace a => ./b c\n")], &good, "lock-file-invalid");
    check(&[("README", "")], &good, "previous-file-missing");
    for module in ["", "/x", "a/../b", "a//b"] {
        let specs = program(&lab, "", &[(module, &url, None)]);
        assert_eq!(lab.sources(&specs).expect_err(module).reason(), "invalid-data", "{module}");
    }
}
