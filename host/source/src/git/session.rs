//! What is asked of a server of repositories that speaks version 2 of git's protocol: it lists branches and tags, and sends packs.

use std::collections::BTreeSet;
use std::io::Write;

use git2::{Oid, Repository};

use super::advertised_ref::AdvertisedRef;
use super::connection::Connection;
use super::mirror::Mirror;
use super::objects::oid;
use super::pkt_line::{PktLine, text, write_line};
use super::server_failure::{ServerFailure, ServerResult};
use crate::git_error::GitError;
use crate::monitor::FetchMonitor;

const AGENT: &str = concat!("agent=spec-host/", env!("CARGO_PKG_VERSION"));
/// Bytes of an answer that is kept in memory: of a hundred thousand branches and tags.
const LARGEST_LISTING: usize = 64 << 20;

/// What is asked of a server.
pub(super) struct PackRequest<'r> {
    pub(super) wants: &'r [Oid],
    /// The number of commits of each line of history; all of them when there is none.
    pub(super) depth: Option<u32>,
    /// Bytes of the largest pack that is accepted.
    pub(super) most_bytes: u64,
}

/// The commits whose parents are not in a pack.
pub(super) type Shallow = BTreeSet<Oid>;

/// A server that has said that it speaks version 2.
pub(super) struct GitSession<'s> {
    connection: Connection<'s>,
    monitor: &'s FetchMonitor,
    /// Whether refs can be asked for, and packs with a depth.
    shallow: bool,
}

impl<'s> GitSession<'s> {
    /// Reads what the server can do.
    pub(super) async fn open(
        mut connection: Connection<'s>,
        monitor: &'s FetchMonitor,
    ) -> ServerResult<Self> {
        let mut first = connection.line().await?;
        if let Some(PktLine::Data(line)) = &first
            && text(line).starts_with("# service=")
        {
            connection.line().await?;
            first = connection.line().await?;
        }
        match first {
            Some(PktLine::Data(line)) if text(&line) == "version 2" => {}
            Some(PktLine::Data(line)) if line.starts_with(b"ERR ") => return Err(server_says(&line).into()),
            _ => return Err(GitError::OldProtocol.into()),
        }
        let mut shallow = false;
        while let Some(PktLine::Data(line)) = connection.line().await? {
            let capability = text(&line);
            if let Some(format) = capability.strip_prefix("object-format=")
                && format != "sha1"
            {
                let why = format!("its objects have names by {format}; expected sha1");
                return Err(GitError::Protocol { why }.into());
            }
            let features = capability.strip_prefix("fetch=").unwrap_or_default();
            shallow |= features.split(' ').any(|feature| feature == "shallow");
        }
        Ok(Self { connection, monitor, shallow })
    }

    /// Ends the session.
    pub(super) async fn close(self) {
        self.connection.close().await;
    }

    /// The branches and tags.
    pub(super) async fn refs(&mut self) -> ServerResult<Vec<AdvertisedRef>> {
        let mut message = command("ls-refs");
        for argument in ["peel\n", "ref-prefix refs/heads/\n", "ref-prefix refs/tags/\n"] {
            write_line(&mut message, argument);
        }
        message.extend_from_slice(b"0000");
        self.connection.send(&message).await?;
        let (mut refs, mut size) = (Vec::new(), 0);
        while let Some(PktLine::Data(line)) = self.connection.line().await? {
            size += line.len();
            if size > LARGEST_LISTING {
                return Err(
                    GitError::TooLarge { limit: format!("{LARGEST_LISTING} bytes of branches") }.into()
                );
            }
            refs.push(parse_ref(&line)?);
        }
        Ok(refs)
    }

    /// Asks for a pack and puts it into the mirror.
    pub(super) async fn receive_pack(
        &mut self,
        request: &PackRequest<'_>,
        mirror: &Mirror,
    ) -> ServerResult<Shallow> {
        let mut message = command("fetch");
        write_line(&mut message, "ofs-delta\n");
        write_line(&mut message, "no-progress\n");
        for want in request.wants {
            write_line(&mut message, &format!("want {want}\n"));
        }
        if let Some(depth) = request.depth.filter(|_| self.shallow) {
            write_line(&mut message, &format!("deepen {depth}\n"));
        }
        write_line(&mut message, "done\n");
        message.extend_from_slice(b"0000");
        self.connection.send(&message).await?;
        let mut shallow = Shallow::new();
        loop {
            let Some(PktLine::Data(section)) = self.connection.line().await? else { return Err(no_pack()) };
            match text(&section).as_str() {
                "packfile" => break,
                _ if section.starts_with(b"ERR ") => return Err(server_says(&section).into()),
                "shallow-info" => {
                    while let Some(PktLine::Data(line)) = self.connection.line().await? {
                        let line = text(&line);
                        let commit = line.strip_prefix("shallow ").and_then(|id| oid(id).ok());
                        shallow.extend(commit);
                    }
                }
                _ => while let Some(PktLine::Data(_)) = self.connection.line().await? {},
            }
        }
        self.store_pack(request.most_bytes, mirror).await?;
        Ok(shallow)
    }

    /// Writes a pack while it arrives. The names of its objects are computed from their bytes. It is complete, or not there at all.
    async fn store_pack(&mut self, most: u64, mirror: &Mirror) -> ServerResult<()> {
        let wrong = |error: git2::Error| GitError::Protocol { why: format!("its pack: {}", error.message()) };
        let repository = Repository::open_bare(mirror.path()).map_err(wrong)?;
        let odb = repository.odb().map_err(wrong)?;
        let mut writer = odb.packwriter().map_err(wrong)?;
        let mut bytes = 0;
        while let Some(PktLine::Data(line)) = self.connection.line().await? {
            match line.split_first() {
                Some((1, data)) => {
                    bytes += data.len() as u64;
                    if bytes > most {
                        return Err(GitError::TooLarge { limit: format!("{most} bytes in its pack") }.into());
                    }
                    writer.write_all(data).map_err(|error| mirror.cannot_write(error))?;
                    self.monitor.report(bytes, None);
                }
                Some((2, _)) => {}
                Some((3, message)) => return Err(GitError::Server { message: shown(message) }.into()),
                _ => return Err(GitError::Protocol { why: "a line of no band".to_owned() }.into()),
            }
        }
        writer.commit().map_err(wrong)?;
        Ok(())
    }
}

/// The beginning of a request.
fn command(name: &str) -> Vec<u8> {
    let mut message = Vec::new();
    write_line(&mut message, &format!("command={name}\n"));
    write_line(&mut message, AGENT);
    write_line(&mut message, "object-format=sha1\n");
    message.extend_from_slice(b"0001");
    message
}

fn parse_ref(line: &[u8]) -> Result<AdvertisedRef, GitError> {
    let line = text(line);
    let wrong = || GitError::Protocol { why: format!("'{}' is no branch", line.escape_debug()) };
    let mut words = line.split(' ');
    let id = |text: &str| oid(text).ok();
    let object = words.next().and_then(id).ok_or_else(wrong)?;
    let name = words.next().ok_or_else(wrong)?.to_owned();
    let peeled = words.find_map(|word| word.strip_prefix("peeled:")).and_then(id);
    Ok(AdvertisedRef { name, object, peeled })
}

fn server_says(line: &[u8]) -> GitError {
    GitError::Server { message: shown(line.strip_prefix(b"ERR ").unwrap_or(line)) }
}

/// The message of a server, without characters that a terminal would obey.
fn shown(message: &[u8]) -> String {
    text(message).chars().filter(|c| !c.is_control()).take(500).collect()
}

fn no_pack() -> ServerFailure {
    GitError::Protocol { why: "it has no pack".to_owned() }.into()
}
