//! A small HTTP proxy.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{Write, copy};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::server::read_request;

/// A proxy that connects every host name to the same server. As Squid does, it lets `CONNECT` go to port 443 only.
pub(crate) struct ProxyServer {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ProxyServer {
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = heads.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let log = log.clone();
                std::thread::spawn(move || pass_on(client, server, &log));
            }
        });
        Self { address, heads }
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no thread panics").clone()
    }
}

fn pass_on(mut client: TcpStream, server: SocketAddr, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let head = read_request(&client)?;
    log.lock().expect("no thread panics").push(head.clone());
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method == "CONNECT" && !target.ends_with(":443")
        || method != "CONNECT" && !target.starts_with("http://")
    {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let mut upstream = TcpStream::connect(server)?;
    match method {
        "CONNECT" => client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?,
        _ => upstream.write_all(head.as_bytes())?,
    }
    let (mut from, mut to) = (client.try_clone()?, upstream.try_clone()?);
    std::thread::spawn(move || copy(&mut from, &mut to));
    copy(&mut upstream, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}
