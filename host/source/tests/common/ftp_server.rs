//! A small FTP server with one file.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What happens at the beginning, once each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The file is said to be busy.
    Busy,
    /// The connection ends in the middle of the file.
    BreaksOff,
    /// The file ends early, and the server says that this is all.
    Short,
    /// The server says nothing.
    Silent,
}

/// A server on a port of its own.
pub(crate) struct FtpServer {
    port: u16,
    commands: Arc<Mutex<Vec<String>>>,
}

/// What it has.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) path: &'static str,
    pub(crate) body: &'static [u8],
    /// The user and the password that it wants.
    pub(crate) login: (&'static str, &'static str),
    /// Whether it knows the command SIZE.
    pub(crate) knows_size: bool,
    pub(crate) mishaps: Vec<Mishap>,
}

impl FtpServer {
    pub(crate) fn new(offer: Offer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let commands: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&commands);
        std::thread::spawn(move || {
            let mut mishaps = offer.mishaps.clone().into_iter();
            for client in listener.incoming().flatten() {
                // A client that goes away ends its session.
                let _ = Session { offer: &offer, mishap: mishaps.next(), log: &log }.serve(client);
            }
        });
        Self { port, commands }
    }

    pub(crate) fn url(&self, login: &str, path: &str) -> String {
        format!("ftp://{login}127.0.0.1:{}/{path}", self.port)
    }

    /// The commands of this name that it received.
    pub(crate) fn received(&self, name: &str) -> Vec<String> {
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands
            .iter()
            .filter_map(|line| line.strip_prefix(name))
            .map(|rest| rest.trim().to_owned())
            .collect()
    }
}

struct Session<'s> {
    offer: &'s Offer,
    mishap: Option<Mishap>,
    log: &'s Mutex<Vec<String>>,
}

impl Session<'_> {
    fn serve(&self, client: TcpStream) -> std::io::Result<()> {
        client.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut lines = BufReader::new(client.try_clone()?).lines();
        let mut out = client;
        if self.mishap == Some(Mishap::Silent) {
            // Until the client gives up.
            return lines.next().unwrap_or(Ok(String::new())).map(drop);
        }
        out.write_all(b"220-hello\r\n220 ready\r\n")?;
        let (mut user, mut data) = (String::new(), None);
        while let Some(line) = lines.next().transpose()? {
            self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
            let (name, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let answer = match name {
                "USER" => {
                    user = argument.to_owned();
                    "331 password".to_owned()
                }
                "PASS" if (user.as_str(), argument) == self.offer.login => "230 in".to_owned(),
                "PASS" => "530 no".to_owned(),
                "TYPE" => "200 ok".to_owned(),
                "SIZE" if !self.offer.knows_size => "502 what?".to_owned(),
                "SIZE" if argument == self.offer.path => format!("213 {}", self.offer.body.len()),
                "PASV" => {
                    let listener = TcpListener::bind("127.0.0.1:0")?;
                    let port = listener.local_addr()?.port();
                    data = Some(listener);
                    // The address is of a network behind the server.
                    format!("227 Passive (10,255,255,1,{},{})", port >> 8, port & 255)
                }
                "RETR" if argument == self.offer.path => self.send(&mut out, data.take())?,
                "QUIT" => return out.write_all(b"221 bye\r\n"),
                _ => "550 no".to_owned(),
            };
            out.write_all(format!("{answer}\r\n").as_bytes())?;
        }
        Ok(())
    }

    /// Sends the file; returns the last answer.
    fn send(&self, out: &mut TcpStream, data: Option<TcpListener>) -> std::io::Result<String> {
        let Some(data) = data else { return Ok("425 no connection".to_owned()) };
        if self.mishap == Some(Mishap::Busy) {
            return Ok("450 busy".to_owned());
        }
        out.write_all(b"150 here it is\r\n")?;
        let (mut stream, _) = data.accept()?;
        let half = self.offer.body.len() / 2;
        let (sent, answer) = match self.mishap {
            Some(Mishap::BreaksOff) => (half, "426 broken"),
            Some(Mishap::Short) => (half, "226 done"),
            _ => (self.offer.body.len(), "226 done"),
        };
        stream.write_all(&self.offer.body[..sent])?;
        Ok(answer.to_owned())
    }
}
