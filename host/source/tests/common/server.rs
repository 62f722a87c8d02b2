//! A small HTTP server that gives prepared answers, one for each connection.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the server does with a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
    sent: usize,
    stall: bool,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn whole(body: &[u8]) -> Self {
        Self { status: 200, body: body.to_vec(), sent: body.len(), ..Self::default() }
    }

    /// The part from `start` on, as asked for with a range.
    pub(crate) fn rest(body: &[u8], start: usize) -> Self {
        let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
        Self { status: 206, ..Self::whole(&body[start..]) }.header("Content-Range", &range)
    }

    /// Closes the connection without an answer.
    pub(crate) fn hang_up() -> Self {
        Self::default()
    }

    pub(crate) fn etag(self, etag: &str) -> Self {
        self.header("ETag", etag)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    /// Breaks off after this many bytes of the body.
    pub(crate) fn cut(mut self, sent: usize) -> Self {
        self.sent = sent;
        self
    }

    /// Keeps the connection open without sending more.
    pub(crate) fn stall(mut self) -> Self {
        self.stall = true;
        self
    }

    fn give(&self, mut stream: TcpStream) -> std::io::Result<()> {
        if self.status == 0 {
            return Ok(());
        }
        let (status, headers, length) = (self.status, &self.headers, self.body.len());
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        )?;
        stream.write_all(&self.body[..self.sent])?;
        stream.flush()?;
        if self.stall {
            // Wait until the client closes the connection, with a time limit.
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            let _ = stream.read(&mut [0]);
        }
        Ok(())
    }
}

/// A server on a port of its own. It ends with its last answer or when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn new(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = requests.clone();
        std::thread::spawn(move || {
            for answer in answers {
                let Ok((stream, _)) = listener.accept() else {
                    return;
                };
                let request = read_request(&stream);
                let Ok(request) = request.and_then(|request| skip_body(&stream, &request).map(|()| request))
                else {
                    return;
                };
                log.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                let _ = answer.give(stream);
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The heads of all requests so far, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.heads().iter().map(|head| head.to_lowercase()).collect()
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The `Authorization` header of each request so far.
    pub(crate) fn logins(&self) -> Vec<Option<String>> {
        self.heads().iter().map(|head| header(head, "authorization")).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Wakes the thread if it still waits, with a connection without a request.
        let _ = TcpStream::connect(self.address);
    }
}

/// The value of a header.
pub(crate) fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    Some(value.trim().to_owned())
}

/// The head of a request. Nothing after it is read.
pub(crate) fn read_request(mut stream: &TcpStream) -> std::io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    read_head(&mut stream)
}

/// Reads what follows the head of a request: a connection that is closed with something unread may lose the answer.
fn skip_body(stream: &TcpStream, head: &str) -> std::io::Result<()> {
    let length = header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
    std::io::copy(&mut stream.take(length), &mut std::io::sink()).map(drop)
}

/// All up to the first empty line.
pub(crate) fn read_head(stream: &mut impl Read) -> std::io::Result<String> {
    let mut head = String::new();
    let mut byte = [0];
    while !head.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(char::from(byte[0]));
    }
    Ok(head)
}
