//! Repositories made by git itself, and a server that answers with `git upload-pack`.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Runs git in a folder, without anybody's configuration, and answers with what it prints.
#[track_caller]
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder).args(arguments).output().expect("git is there");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn command(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    for (name, value) in [("NAME", "A"), ("EMAIL", "a@b"), ("DATE", "1700000000 +0000")] {
        git.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    git.args(["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", "-c", "gc.auto=0"]);
    git
}

/// Serves the repositories below a folder over http, until it is dropped.
pub(crate) struct GitHttp {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    pub(crate) requests: Arc<AtomicUsize>,
}

impl GitHttp {
    pub(crate) fn new(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (stop, requests) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, counted, folder) = (stop.clone(), requests.clone(), folder.to_path_buf());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                counted.fetch_add(1, Ordering::Relaxed);
                let _ = answer(stream.expect("it listens"), &folder);
            }
        });
        Self { address, stop, requests }
    }

    pub(crate) fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }
}

impl Drop for GitHttp {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length, mut version) = (String::new(), 0, String::new());
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let lower = line.trim().to_ascii_lowercase();
        if lower.is_empty() {
            break;
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if let Some(value) = lower.strip_prefix("git-protocol:") {
            version = value.trim().to_owned();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (repository, list) = match path.split_once("/info/refs?service=git-upload-pack") {
        Some((repository, _)) => (repository.to_owned(), true),
        None => (path.trim_end_matches("/git-upload-pack").to_owned(), false),
    };
    respond(stream, &folder.join(repository.trim_start_matches('/')), list, &version, &body)
}

fn respond(
    mut stream: TcpStream,
    repository: &Path,
    list: bool,
    version: &str,
    body: &[u8],
) -> std::io::Result<()> {
    if !repository.is_dir() {
        return stream.write_all(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let mut program = command(repository);
    program.args(["upload-pack", "--stateless-rpc"]).env("GIT_PROTOCOL", version);
    if list {
        program.arg("--http-backend-info-refs");
    }
    let mut child = program.arg(".").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().expect("it is piped").write_all(body)?;
    let output = child.wait_with_output()?.stdout;
    let kind = if list { "advertisement" } else { "result" };
    let head = format!(
        "HTTP/1.1 200 X\r\nConnection: close\r\nContent-Type: application/x-git-upload-pack-{kind}\r\n"
    );
    write!(stream, "{head}Content-Length: {}\r\n\r\n", output.len())?;
    stream.write_all(&output)
}
