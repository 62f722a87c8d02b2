//! Sources: tracked, fetched over HTTP and from files, checked out.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use spec_testkit::{Host, Outcome, Project};

/// How a server answers, one request after the other; the last answer is repeated.
#[derive(Clone, Copy)]
enum Answer {
    Whole(&'static str),
    /// The whole length is announced, and half of the body is sent.
    Half(&'static str),
    Status(u16),
}

/// A web server on this machine; its thread ends with the program.
struct Server {
    url: String,
    /// The paths that were asked for.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: &[(&'static str, &[Answer])]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a loopback interface");
        let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
        let requests = Arc::new(Mutex::new(vec![]));
        let answers: HashMap<String, Vec<Answer>> =
            answers.iter().map(|(path, answers)| (format!("/{path}"), answers.to_vec())).collect();
        let log = requests.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let path = client.as_ref().map_or(String::new(), read_request);
                let mut log = log.lock().expect("no test panics while it holds the lock");
                let seen = log.iter().filter(|other| **other == path).count();
                log.push(path.clone());
                drop(log);
                let answers = answers.get(&path).map_or(&[Answer::Status(404)][..], Vec::as_slice);
                // A client may close the connection before it has read everything.
                let _ = client.map(|client| answer(client, answers[seen.min(answers.len() - 1)]));
            }
        });
        Server { url, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panics while it holds the lock").clone()
    }
}

/// The path of a request, whose other lines are skipped.
fn read_request(client: &TcpStream) -> String {
    let lines: Vec<String> =
        BufReader::new(client).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned()
}

fn answer(mut client: TcpStream, answer: Answer) -> std::io::Result<()> {
    let (status, length, body) = match answer {
        Answer::Whole(text) => (200, text.len(), text),
        Answer::Half(text) => (200, text.len(), &text[..text.len() / 2]),
        Answer::Status(status) => (status, 0, ""),
    };
    write!(client, "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

const CONF: &str = "name: test
min-version: 2.0
element-path: elements
aliases:
  web: WEB
  here: '%{project-root-uri}/files/'
plugins:
- origin: pip
  package-name: buildstream-plugins-community
  sources: [anitya, cargo2]
";

/// The element before it is tracked; `#n` marks where the ref of source n belongs.
const ELEMENT: &str = "# An element that somebody has written with care.
kind: import

sources:
  # From the web,
- kind: remote   # a single file
  url: web:a.txt
#0

-   kind: remote
    url: here:b.txt   # and a file of the project
    ref:   'old'     # which has a ref already
    directory: below

config: {target: /}  # the end
";
const A: &str = "a from the web\n";
const A_REF: &str = "29d91d140bff9ea58854234c396a9a90d4bab84b296026f820ce4877f1a84708";
const B: &str = "b of the project\n";
const B_REF: &str = "b76109040b8e77383705a0985d29b0d1f45874ba68c25ceb03bd0fc3f06f84e2";

fn project(server: &Server) -> Project {
    let project = Project::of(&[("project.conf", &CONF.replace("WEB", &server.url)), ("files/b.txt", B)]);
    project.write("elements/a.bst", &ELEMENT.replace("#0\n", ""));
    project
}

#[test]
fn refs_are_tracked_and_written_where_they_belong() {
    let server = Server::start(&[("a.txt", &[Answer::Whole(A)])]);
    let (host, project) = (Host::new(), project(&server));
    let _ = host.run(&project, &["source", "track", "a.bst"]).success();
    let expect = ELEMENT.replace("#0\n", &format!("  ref: {A_REF}\n")).replace("'old'", B_REF);
    assert_eq!(project.read("elements/a.bst"), expect);
}

/// Refs that are dictionaries, lists, or several settings.
#[test]
fn refs_of_several_parts_are_written_where_they_belong() {
    let versions = "{\"stable_versions\": [\"1.2.3\"]}";
    let server = Server::start(&[
        ("api/versions/?project_id=7", &[Answer::Whole(versions)]),
        ("p-1.2.3.tar.gz", &[Answer::Whole(A)]),
        ("crates/c/c-0.1.0.crate", &[Answer::Whole(A)]),
    ]);
    let (host, project) = (Host::new(), project(&server));
    project.write(
        "files/Cargo.lock",
        "[[package]]\nname = \"c\"\nversion = \"0.1.0\"\nsource = \"registry+https://x\"\n\n\
         [[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"registry+https://x\"\nchecksum = \"12\"\n",
    );
    let element = |release: &str, crates: &str| {
        format!(
            "kind: import\nsources:\n- kind: local\n  path: files\n- kind: cargo2\n  url: web:crates/\n{crates}- kind: \
             anitya # a release\n  url: web:p-{{version}}.tar.gz\n  project-id: 7\n  api-url: {}api/\n{release}# end\n",
            server.url
        )
    };
    project.write("elements/a.bst", &element("", "  ref:\n  - name: old\n    version: 1.0.0\n    sha: 11\n"));
    let _ = host.run(&project, &["source", "track", "a.bst"]).success();
    let release = format!("  ref:\n    version: 1.2.3\n    sha256sum: {A_REF}\n");
    let crates = format!(
        "  ref:\n  - kind: registry\n    name: b\n    version: 2.0.0\n    sha: 12\n  - kind: registry\n    name: c\n    \
         version: 0.1.0\n    sha: {A_REF}\n"
    );
    assert_eq!(project.read("elements/a.bst"), element(&release, &crates));
    let _ = host.run(&project, &["source", "track", "a.bst"]).success();
    assert_eq!(project.read("elements/a.bst"), element(&release, &crates), "the second time nothing is new");
}

#[test]
fn what_was_fetched_is_not_fetched_again() {
    let server = Server::start(&[("a.txt", &[Answer::Status(503), Answer::Half(A), Answer::Whole(A)])]);
    let (host, project) = (Host::new(), project(&server));
    let _ = host.run(&project, &["--network-retries", "3", "source", "track", "a.bst"]).success();
    assert_eq!(server.requests(), ["/a.txt"; 3], "what may get better is tried again");
    let _ = host.run(&project, &["source", "fetch", "a.bst"]).success();
    let fetched = server.requests().len();
    fs::remove_file(project.path().join("files/b.txt")).expect("it was just made");
    let _ = host.run(&project, &["build", "a.bst"]).success();
    assert_eq!(server.requests().len(), fetched, "a build takes what was fetched");

    let mut checkout = host.command(&project);
    checkout.current_dir(project.path()).args(["source", "checkout", "--directory", "out", "a.bst"]);
    let _ = Outcome::of(&mut checkout, Duration::from_secs(60)).success();
    assert_eq!(
        (project.read("out/a/a.txt"), project.read("out/a/below/b.txt")),
        (A.to_owned(), B.to_owned())
    );
}

#[test]
fn a_download_that_fails_leaves_nothing() {
    for (answer, reason, says, requests) in [
        (Answer::Status(404), "download-refused", "404", 1),
        (Answer::Status(500), "download-failed", "500", 2),
        (Answer::Half(A), "download-failed", "a.txt", 2),
    ] {
        let server = Server::start(&[("a.txt", &[answer])]);
        let (host, project) = (Host::new(), project(&server));
        project.replace("elements/a.bst", "web:a.txt\n", &format!("web:a.txt\n  ref: {A_REF}\n"));
        project.replace("elements/a.bst", "'old'", B_REF);
        let fetch = host.run(&project, &["--network-retries", "1", "source", "fetch", "a.bst"]);
        fetch.refused(1, reason, &[says, "elements/a.bst:6:3"]);
        assert_eq!(server.requests().len(), requests, "{reason}");
        assert_eq!(host.left(), Vec::<PathBuf>::new(), "{reason}");
    }
}
