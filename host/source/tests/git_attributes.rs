//! What `.gitattributes` say of files is done as the program git does it, or as dulwich does for the kinds that use it.

mod common;
#[path = "common/git_server.rs"]
mod git_server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Lab, silent, spec};
use git_server::git;
use spec_model::UserError;
use spec_source::SourceError;

/// A repository with exactly these files, whatever their attributes say of adding them.
fn repository(lab: &Lab, name: &str, files: &[(&str, &[u8])]) -> (PathBuf, String) {
    let folder = lab.folder.path().join(name);
    fs::create_dir_all(&folder).expect("the folder is new");
    git(&folder, &["init", "--quiet"]);
    for (path, bytes) in files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("it has one")).expect("it can be made");
        fs::write(&file, bytes).expect("it can be written");
        let id = git(&folder, &["hash-object", "-w", "--no-filters", path]);
        git(&folder, &["update-index", "--add", "--cacheinfo", &format!("100644,{id},{path}")]);
    }
    let tree = git(&folder, &["write-tree"]);
    let commit = git(&folder, &["commit-tree", "-m", "one", &tree]);
    git(&folder, &["update-ref", "HEAD", &commit]);
    (folder, commit)
}

type Files = BTreeMap<String, Vec<u8>>;

fn files_below(root: &Path) -> Files {
    let (mut files, mut waiting) = (Files::new(), vec![root.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("it can be read").path();
            let name = path.strip_prefix(root).expect("it is below").display().to_string();
            if path.is_dir() && name != ".git" {
                waiting.push(path);
            } else if path.is_file() {
                files.insert(name, fs::read(&path).expect("it can be read"));
            }
        }
    }
    files
}

fn staged(lab: &Lab, kind: &str, folder: &Path, commit: &str) -> Result<Files, SourceError> {
    let url = format!("file://{}", folder.display());
    let tree = lab.sources(&[spec(kind, &[("url", &url), ("ref", commit)])])?.fetch(&silent())?;
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    lab.context.cas.checkout_into(&tree, &place.path().join("files")).expect("the tree is there");
    Ok(files_below(&place.path().join("files")))
}

/// What git checks out.
fn checked_out(folder: &Path) -> Files {
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    let tree = place.path().display().to_string();
    git(folder, &["--work-tree", &tree, "checkout", "--quiet", "-f", "HEAD", "--", "."]);
    files_below(place.path())
}

const ATTRIBUTES: &[u8] = b"*.crlf eol=crlf
*.auto text=auto eol=crlf
*.bin binary
bin.crlf binary
*.id ident
*.u16 working-tree-encoding=UTF-16
*.u16lb text working-tree-encoding=utf-16le-bom eol=crlf
*.u16bb working-tree-encoding=UTF-16BE-BOM
*.u16le working-tree-encoding=UTF-16LE
*.u16be working-tree-encoding=UTF-16BE
*.u32 working-tree-encoding=UTF-32
*.u8 working-tree-encoding=UTF-8
*.l1 working-tree-encoding=ISO-8859-1
*.1252 working-tree-encoding=windows-1252
*.sjis working-tree-encoding=SHIFT-JIS
[attr]win text eol=crlf
*.mac win
\"quoted name.q\" eol=crlf
*.lf eol=lf
*.text text
*.oldcrlf crlf
*.oldinput crlf=input eol=crlf
*.upper eol=CRLF
sub/** eol=crlf
*.flt filter=foo
*.both ident eol=crlf
*.all ident text=auto eol=crlf
*.un eol=crlf
last.un !eol
*.off eol=crlf
last.off -text
/rooted eol=crlf
";

const LETTERS: &[u8] = "h\u{e4}\n\u{1f600}\n".as_bytes();

/// Files for each of the attributes.
fn samples() -> Vec<(&'static str, &'static [u8])> {
    vec![
        (".gitattributes", ATTRIBUTES),
        ("m.crlf", b"a\nb\r\nc\n"),
        ("nul.crlf", b"a\nb\0\n"),
        ("bin.crlf", b"a\n"),
        ("m.auto", b"a\nb\n"),
        ("mix.auto", b"a\r\nb\n"),
        ("nul.auto", b"a\nb\0\n"),
        ("x.bin", b"x\n"),
        ("a.id", b"$Id$ $Id: foo$ $Id: foo bar $ $Id: f \n$Id: abc $ $Idx$ $Id: $\n$$Id$$ $Id"),
        ("t.u16", LETTERS),
        ("empty.u16", b""),
        ("wrong.u16", b"\xff\n"),
        ("t.u16lb", LETTERS),
        ("t.u16bb", LETTERS),
        ("t.u16le", LETTERS),
        ("t.u16be", LETTERS),
        ("t.u32", LETTERS),
        ("t.u8", LETTERS),
        ("t.l1", "h\u{e4}\n".as_bytes()),
        ("euro.l1", "\u{20ac}\n".as_bytes()),
        ("euro.1252", "\u{20ac}\n".as_bytes()),
        ("t.sjis", "\u{3042}\u{30a2}\n".as_bytes()),
        ("t.mac", b"a\n"),
        ("quoted name.q", b"a\n"),
        ("t.lf", b"a\r\n"),
        ("t.text", b"a\n"),
        ("t.oldcrlf", b"a\n"),
        ("t.oldinput", b"a\n"),
        ("t.upper", b"a\n"),
        ("sub/deep/x", b"a\n"),
        ("sub/.gitattributes", b"*.x !eol\n[attr]inner eol=crlf\n*.y inner\n"),
        ("sub/z.x", b"a\n"),
        ("t.flt", b"a\n"),
        ("t.both", b"$Id$\n"),
        ("first.un", b"a\n"),
        ("last.un", b"a\n"),
        ("first.off", b"a\n"),
        ("last.off", b"a\n"),
        ("rooted", b"a\n"),
        ("other/rooted", b"a\n"),
        ("other/a.crlf", b"a\n"),
        ("other/.gitattributes", b"*.crlf -text\n"),
    ]
}

#[test]
fn files_are_converted_as_git_does_it() {
    let lab = Lab::new();
    let (folder, commit) = repository(&lab, "a", &samples());
    let expect = checked_out(&folder);
    let changed = samples().iter().filter(|(path, bytes)| expect[*path] != *bytes).count();
    assert!(changed > 20, "git converts {changed}");
    for kind in ["git", "git_tag"] {
        let staged = staged(&lab, kind, &folder, &commit).expect("it is there");
        for (path, bytes) in &expect {
            assert_eq!(staged.get(path), Some(bytes), "{kind} {path}");
        }
    }
}

/// What dulwich writes for the files above was looked at with BuildStream 2.8.1 and dulwich 1.2.21.
#[test]
fn files_are_converted_as_dulwich_does_it() {
    let lab = Lab::new();
    let (folder, commit) = repository(&lab, "a", &samples());
    let staged = staged(&lab, "git_repo", &folder, &commit).expect("it is there");
    let changed: Vec<&str> =
        samples().iter().filter(|(path, bytes)| staged[*path] != *bytes).map(|(path, _)| *path).collect();
    let expect = [
        "m.crlf",
        "bin.crlf",
        "m.auto",
        "t.u16lb",
        "t.oldinput",
        "sub/deep/x",
        "sub/.gitattributes",
        "t.both",
        "first.un",
        "first.off",
        "rooted",
    ];
    assert_eq!(changed, expect);
    assert_eq!(staged["m.crlf"], b"a\r\nb\r\nc\r\n");
    assert_eq!(staged["t.both"], b"$Id$\r\n");
}

/// Text made of the parts that matter to the rules of lines and names.
fn text_of(mut seed: u64) -> Vec<u8> {
    const PARTS: [&[u8]; 16] = [
        b"\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\x01",
        b"\x1a",
        b"\x08",
        b"$",
        b"$Id$",
        b"$Id: ",
        b" $",
        b":",
        b"Id",
        b"word and more words than one ",
        b"some text that is much longer than a hundred and twenty-eight characters, so \
          that a few control characters do not make it binary, as git sees it: it has to be long",
    ];
    let mut text = Vec::new();
    while seed > 0 {
        text.extend_from_slice(PARTS[(seed % 16) as usize]);
        seed /= 16;
    }
    text
}

/// A law instead of examples: whatever a file has in it, it is as git checks it out.
#[test]
fn any_contents_are_converted_as_git_does_it() {
    let lab = Lab::new();
    let mut state = 7u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 16
    };
    let contents: Vec<(String, Vec<u8>)> = (0..400)
        .map(|number| {
            let extension = ["crlf", "auto", "id", "both", "all"][number % 5];
            (format!("f{number}.{extension}"), text_of(random() >> (random() % 40)))
        })
        .collect();
    let mut files: Vec<(&str, &[u8])> = vec![(".gitattributes", ATTRIBUTES)];
    files.extend(contents.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
    let (folder, commit) = repository(&lab, "a", &files);
    let expect = checked_out(&folder);
    let staged = staged(&lab, "git", &folder, &commit).expect("it is there");
    for (path, bytes) in &contents {
        assert_eq!(staged[path], expect[path], "{path}: {}", bytes.escape_ascii());
    }
}

/// A few megabytes may stand for gigabytes.
#[test]
fn conversions_that_make_files_huge_are_refused() {
    let lab = Lab::new();
    let many = b"$".repeat(24 << 20);
    let files: [(&str, &[u8]); 2] = [(".gitattributes", b"*.id ident\n"), ("a.id", &many)];
    let (folder, commit) = repository(&lab, "a", &files);
    let error = staged(&lab, "git", &folder, &commit).expect_err("it could be larger than the memory");
    assert_eq!(error.reason(), "git-too-large", "{error}");
    assert!(staged(&lab, "git_repo", &folder, &commit).is_ok(), "dulwich knows no names");
}

/// A folder that a commit has twice, with other attributes for each of both.
#[test]
fn one_folder_at_two_paths_may_have_two_forms() {
    let lab = Lab::new();
    let files: [(&str, &[u8]); 4] = [
        (".gitattributes", b"windows/** eol=crlf\n"),
        ("windows/deep/file", b"a\n"),
        ("unix/deep/file", b"a\n"),
        ("unix/deep/other", b"a\n"),
    ];
    let (folder, commit) = repository(&lab, "a", &files);
    let staged = staged(&lab, "git", &folder, &commit).expect("it is there");
    assert_eq!(staged["windows/deep/file"], b"a\r\n");
    assert_eq!((&staged["unix/deep/file"][..], &staged["unix/deep/other"][..]), (&b"a\n"[..], &b"a\n"[..]));
}

#[test]
fn attributes_that_cannot_be_obeyed_are_told() {
    let lab = Lab::new();
    for (number, (attribute, part)) in [
        ("working-tree-encoding=EBCDIC-US", "'EBCDIC-US' is not known"),
        ("working-tree-encoding=tis-620", "'tis-620' is not known"),
        ("working-tree-encoding", "needs the name"),
        ("-working-tree-encoding", "needs the name"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("*.txt {attribute}\n");
        let files: [(&str, &[u8]); 2] = [(".gitattributes", text.as_bytes()), ("deep/a.txt", b"a\n")];
        let (folder, commit) = repository(&lab, &number.to_string(), &files);
        let error = staged(&lab, "git", &folder, &commit).expect_err("it cannot be done");
        assert_eq!(error.reason(), "git-bad-attribute", "{error}");
        assert!(error.to_string().contains("'deep/a.txt'") && error.to_string().contains(part), "{error}");
        assert!(error.hint().unwrap_or_default().contains("git_repo"), "{error}");
        let as_it_is = staged(&lab, "git_repo", &folder, &commit).expect("dulwich knows no encodings");
        assert_eq!(as_it_is["deep/a.txt"], b"a\n");
    }
}
