//! Archives of Python packages from an index, as BuildStream's plugin has pip download them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use spec_testkit::{Host, Oracle, Outcome, Project, require_env};

const CONF: &str = "name: test
min-version: 2.0
element-path: elements
plugins:
- origin: pip
  package-name: buildstream-plugins
  sources: [pip]
aliases:
  index: URL
";

/// A program that packages are built by. It says what a package needs, as pip asks it.
const BACKEND: &str = "import os, pathlib

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    pathlib.Path('MARK').touch()
    info = pathlib.Path(folder, 'NAME-VERSION.dist-info')
    info.mkdir()
    (info / 'METADATA').write_text('''INFO''')
    (info / 'WHEEL').write_text('Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    return info.name

def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise RuntimeError('nobody installs it')
";

/// The archive of the sources of a package. `mark` is made when something of it is executed.
fn archive(name: &str, version: &str, needs: &str, mark: &Path) -> Vec<u8> {
    let info = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}");
    let backend = BACKEND.replace("MARK", &mark.display().to_string()).replace("INFO", &info);
    let backend = backend.replace("NAME", &name.replace('-', "_")).replace("VERSION", version);
    let project = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in [("PKG-INFO", info.as_str()), ("backend.py", &backend), ("pyproject.toml", project)] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, format!("{name}-{version}/{path}"), text.as_bytes())
            .expect("writing to memory");
    }
    tar.into_inner().and_then(GzEncoder::finish).expect("writing to memory")
}

/// The bytes and media types of paths.
type Pages = BTreeMap<String, (&'static str, Vec<u8>)>;

/// A server of pages, for the rest of the process.
fn serve(pages: Pages) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a loopback interface");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let pages = Arc::new(pages);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let pages = Arc::clone(&pages);
            thread::spawn(move || answer(client, &pages));
        }
    });
    url
}

fn answer(mut client: TcpStream, pages: &Pages) -> std::io::Result<()> {
    let lines = BufReader::new(client.try_clone()?).lines().map_while(Result::ok);
    let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let (status, (kind, body)) = match pages.get(path) {
        Some(page) => ("200 OK", page.clone()),
        None => ("404 Not Found", ("text/plain", b"no".to_vec())),
    };
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    client.write_all(&body)
}

/// Two indexes with the same packages, one in HTML and one in JSON.
fn index(mark: &Path) -> String {
    let needs = "Requires-Dist: Odd.Name\nRequires-Dist: other; extra == \"x\"\n";
    let files = [
        ("app", "app-1.0.tar.gz", archive("app", "1.0", needs, mark)),
        ("app", "app-2.0.tar.gz", archive("app", "2.0", needs, mark)),
        ("odd-name", "odd_name-0.3rc1.tar.gz", archive("odd_name", "0.3rc1", "", mark)),
        ("alone", "alone-1.tar.gz", archive("alone", "1", "Requires-Dist: app>=1\n", mark)),
        ("wrong", "wrong-1.tar.gz", archive("wrong", "1", "", mark)),
    ];
    let mut pages = Pages::new();
    for package in ["app", "odd-name", "alone", "wrong"] {
        let (mut html, mut json) = (String::new(), Vec::new());
        for (_, name, bytes) in files.iter().filter(|(of, ..)| *of == package) {
            let sha = spec_model::Digest::of(if package == "wrong" { b"x" } else { bytes }).hex();
            // One file has no SHA-256 in the index.
            let hash = if package == "odd-name" { String::new() } else { format!("#sha256={sha}") };
            html += &format!(
                "<a href=\"../../files/{name}{hash}\" data-requires-python=\"&gt;=2\">{name}</a><br>\n"
            );
            let hashes = if package == "odd-name" { String::new() } else { format!("\"sha256\":\"{sha}\"") };
            json.push(format!(
                "{{\"filename\":\"{name}\",\"url\":\"../../files/{name}\",\"hashes\":{{{hashes}}}}}"
            ));
            pages.insert(format!("/files/{name}"), ("application/octet-stream", bytes.clone()));
        }
        html += &format!("<a href=\"../../files/{package}-1.0-py3-none-any.whl\">a wheel</a>\n");
        let json = format!(
            "{{\"meta\":{{\"api-version\":\"1.0\"}},\"name\":\"{package}\",\"files\":[{}]}}",
            json.join(",")
        );
        let html = format!("<!DOCTYPE html><html><body>{html}</body></html>");
        pages.insert(format!("/html/{package}/"), ("text/html; charset=utf-8", html.into_bytes()));
        pages.insert(format!("/json/{package}/"), ("application/vnd.pypi.simple.v1+json", json.into_bytes()));
    }
    let local = "{\"files\":[{\"filename\":\"local-1.zip\",\"url\":\"file:///etc/passwd\",\"hashes\":{}}]}";
    pages.insert("/json/local/".to_owned(), ("application/vnd.pypi.simple.v1+json", local.into()));
    serve(pages)
}

fn project(url: &str, index: &str, reference: &str) -> Project {
    let element = format!(
        "kind: import\nsources:\n- kind: local\n  path: files\n- kind: pip\n  url: index:{index}/\n  packages: [app]\n  ref: \"{}\"\n",
        reference.replace('\n', "\\n")
    );
    Project::of(&[
        ("project.conf", &CONF.replace("URL", &format!("{url}/"))),
        ("elements/a.bst", &element),
        ("files/first", ""),
    ])
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries =
        fs::read_dir(folder).expect("it is a folder").map(|entry| entry.expect("it can be read").path());
    let name = |path: &Path| path.file_name().expect("it has one").to_string_lossy().into_owned();
    entries.map(|path| (name(&path), fs::read(&path).expect("it is a file"))).collect()
}

fn staged(command: &mut Command, out: &Path) -> BTreeMap<String, Vec<u8>> {
    command.args(["source", "checkout", "--directory"]).arg(out).arg("a.bst");
    let _ = Outcome::of(command, Duration::from_secs(120)).success();
    files(&out.join("a/.bst_pip_downloads"))
}

#[test]
fn packages_are_those_that_pip_downloads_and_nothing_of_them_is_executed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mark = folder.path().join("executed");
    let url = index(&mark);
    // BuildStream's plugin looks for a Python with pip.
    let python = require_env("SPEC_BST").parent().expect("a program is in a folder").to_path_buf();
    let path = env::join_paths(
        [python].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
    );
    let path = path.expect("it was split");
    for index in ["html", "json"] {
        let (host, oracle) = (Host::new(), Oracle::new());
        let project = project(&url, index, "app==1.0\nOdd-Name==0.3rc1");
        let _ = host.run(&project, &["source", "fetch", "a.bst"]).success();
        let ours = staged(&mut host.command(&project), &folder.path().join(format!("ours-{index}")));
        assert_eq!(ours.keys().collect::<Vec<_>>(), ["app-1.0.tar.gz", "odd_name-0.3rc1.tar.gz"], "{index}");
        assert!(!mark.exists(), "something of a package was executed");
        let mut bst = oracle.command(&project);
        let fetched =
            Outcome::of(bst.env("PATH", &path).args(["source", "fetch", "a.bst"]), Duration::from_secs(120));
        let _ = fetched.success();
        let theirs = staged(
            oracle.command(&project).env("PATH", &path),
            &folder.path().join(format!("theirs-{index}")),
        );
        assert!(ours == theirs, "{index}: {:?} {:?}", ours.keys(), theirs.keys());
        let show = ["show", "--format", "%{full-key} %{state}\n%{source-info}", "a.bst"];
        let shown = host.run(&project, &show);
        let expect =
            Outcome::of(oracle.command(&project).env("PATH", &path).args(show), Duration::from_secs(120));
        assert_eq!(shown.success().trim_end(), expect.success().trim_end(), "{index}");
        assert!(mark.exists(), "pip asks the programs of packages");
        fs::remove_file(&mark).expect("it is there");
    }
}

/// Refs, the reason, and what the error says.
#[test]
fn what_pip_would_choose_itself_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mark = folder.path().join("executed");
    let url = index(&mark);
    for (reference, reason, says) in [
        ("app==1.0", "incomplete-ref", ["'Odd.Name'", "elements/a.bst:8:8"]),
        ("app>=1.0\nodd-name==0.3rc1", "invalid-ref", ["'app>=1.0'", "elements/a.bst:8:8"]),
        ("app==1.0\nApp==2.0", "invalid-ref", ["'App==2.0'", "the same package"]),
        ("odd-name==4", "index-no-entry", ["odd-name==4", "/json/odd-name/"]),
        ("nothing==1", "index-no-entry", ["package 'nothing'", "/json/nothing/"]),
        ("local==1", "index-answer", ["'local-1.zip'", "not on a server"]),
        ("wrong==1", "index-answer", ["SHA-256", "wrong-1.tar.gz"]),
    ] {
        let (host, project) = (Host::new(), project(&url, "json", reference));
        let fetched = host.run(&project, &["--network-retries", "0", "source", "fetch", "a.bst"]);
        fetched.refused(fetched.code.unwrap_or(0), reason, &says);
        let left = Command::new("find").arg(host.cache()).args(["-path", "*/pip/*", "-type", "f"]).output();
        assert_eq!(String::from_utf8_lossy(&left.expect("find is there").stdout), "", "{reference}");
        assert!(!mark.exists(), "{reference}: something of a package was executed");
    }
    let (host, project) = (Host::new(), project(&url, "json", "app==1.0"));
    host.run(&project, &["source", "track", "a.bst"]).refused(
        1,
        "source-kind-not-tracked",
        &["pip download --no-binary :all:", "elements/a.bst:5:3"],
    );
}
