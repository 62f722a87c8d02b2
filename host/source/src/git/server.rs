//! The client of git's protocol, version 2, over http and https: it lists branches and tags, and receives packs.

use std::collections::BTreeSet;
use std::io::Write;

use git2::{Oid, Repository};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};

use super::advertised_ref::AdvertisedRef;
use super::mirror::Mirror;
use super::objects::oid;
use super::pkt_line::{PktLine, PktLineReader, text, write_line};
use crate::download::{Failure, HttpAttempts, HttpClient, answered, broke_off};
use crate::git_error::GitError;
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;

const SERVICE: &str = "git-upload-pack";
const AGENT: &str = concat!("agent=spec-host/", env!("CARGO_PKG_VERSION"));
/// Bytes of an answer that is kept in memory: of a hundred thousand branches and tags.
const LARGEST_LISTING: usize = 64 << 20;

/// A repository on a server.
pub(super) struct GitServer<'s> {
    pub(super) url: &'s str,
    pub(super) options: &'s HttpOptions,
    pub(super) monitor: &'s FetchMonitor,
}

/// Why a server is of no use.
#[derive(Debug)]
pub(super) enum ServerFailure {
    Git(GitError),
    /// A failure of HTTP, and the number of attempts.
    Http(Failure, u32),
}

impl From<GitError> for ServerFailure {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

impl From<Failure> for ServerFailure {
    fn from(failure: Failure) -> Self {
        Self::Http(failure, 1)
    }
}

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

type Result<T> = std::result::Result<T, ServerFailure>;

impl GitServer<'_> {
    /// The branches and tags.
    pub(super) fn refs(&self) -> Result<Vec<AdvertisedRef>> {
        self.run(async |session: &GitSession<'_>| session.refs().await)
    }

    /// Receives a pack and puts it into a mirror, whole.
    pub(super) fn fetch(&self, request: &PackRequest<'_>, mirror: &Mirror) -> Result<()> {
        let shallow =
            self.run(async |session: &GitSession<'_>| session.receive_pack(request, mirror).await)?;
        Ok(mirror.add_shallow(&shallow)?)
    }

    /// As [`HttpAttempts::run`], in a session for each attempt. An error of git is the same in the next attempt.
    fn run<T>(&self, ask: impl AsyncFn(&GitSession<'_>) -> Result<T>) -> Result<T> {
        let attempts = HttpAttempts { options: self.options, monitor: self.monitor, longest: None };
        let outcome = attempts.run(async |client: &HttpClient| {
            let answer = match GitSession::open(self, client).await {
                Ok(session) => ask(&session).await,
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(answer) => Ok(Ok(answer)),
                Err(ServerFailure::Git(error)) => Ok(Err(error)),
                Err(ServerFailure::Http(failure, _)) => Err(failure),
            }
        });
        let answer = outcome.map_err(|(failure, attempts)| ServerFailure::Http(failure, attempts))?;
        Ok(answer?)
    }
}

/// A server that has said that it speaks version 2.
struct GitSession<'s> {
    client: &'s HttpClient,
    monitor: &'s FetchMonitor,
    service: Url,
    /// Whether refs can be asked for, and packs with a depth.
    shallow: bool,
}

impl<'s> GitSession<'s> {
    async fn open(server: &GitServer<'s>, client: &'s HttpClient) -> Result<Self> {
        let base = server.url.trim_end_matches('/');
        let url = format!("{base}/info/refs?service={SERVICE}");
        let mut headers = headers();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let response = answered(client.get(&url, &headers).await?)?;
        let service = service_url(response.url())?;
        let mut lines = Lines::new(response);
        let mut first = lines.line().await?;
        if let Some(PktLine::Data(line)) = &first
            && text(line).starts_with("# service=")
        {
            lines.line().await?;
            first = lines.line().await?;
        }
        match first {
            Some(PktLine::Data(line)) if text(&line) == "version 2" => {}
            Some(PktLine::Data(line)) if line.starts_with(b"ERR ") => return Err(server_says(&line).into()),
            _ => return Err(GitError::OldProtocol.into()),
        }
        let mut shallow = false;
        while let Some(PktLine::Data(line)) = lines.line().await? {
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
        Ok(Self { client, monitor: server.monitor, service, shallow })
    }

    async fn ask(&self, message: &[u8]) -> Result<Lines> {
        let mut headers = headers();
        headers.insert(ACCEPT, HeaderValue::from_static("application/x-git-upload-pack-result"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-git-upload-pack-request"));
        Ok(Lines::new(answered(self.client.post(&self.service, &headers, message).await?)?))
    }

    async fn refs(&self) -> Result<Vec<AdvertisedRef>> {
        let mut message = command("ls-refs");
        for argument in ["peel\n", "ref-prefix refs/heads/\n", "ref-prefix refs/tags/\n"] {
            write_line(&mut message, argument);
        }
        message.extend_from_slice(b"0000");
        let mut lines = self.ask(&message).await?;
        let (mut refs, mut size) = (Vec::new(), 0);
        while let Some(PktLine::Data(line)) = lines.line().await? {
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
    async fn receive_pack(&self, request: &PackRequest<'_>, mirror: &Mirror) -> Result<Shallow> {
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
        let mut lines = self.ask(&message).await?;
        let mut shallow = Shallow::new();
        loop {
            let Some(PktLine::Data(section)) = lines.line().await? else { return Err(no_pack()) };
            match text(&section).as_str() {
                "packfile" => break,
                _ if section.starts_with(b"ERR ") => return Err(server_says(&section).into()),
                "shallow-info" => {
                    while let Some(PktLine::Data(line)) = lines.line().await? {
                        let line = text(&line);
                        let commit = line.strip_prefix("shallow ").and_then(|id| oid(id).ok());
                        shallow.extend(commit);
                    }
                }
                _ => while let Some(PktLine::Data(_)) = lines.line().await? {},
            }
        }
        self.store_pack(&mut lines, request.most_bytes, mirror).await?;
        Ok(shallow)
    }

    /// Writes a pack while it arrives. The names of its objects are computed from their bytes. It is complete, or not there at all.
    async fn store_pack(&self, lines: &mut Lines, most: u64, mirror: &Mirror) -> Result<()> {
        let wrong = |error: git2::Error| GitError::Protocol { why: format!("its pack: {}", error.message()) };
        let repository = Repository::open_bare(mirror.path()).map_err(wrong)?;
        let odb = repository.odb().map_err(wrong)?;
        let mut writer = odb.packwriter().map_err(wrong)?;
        let mut bytes = 0;
        while let Some(PktLine::Data(line)) = lines.line().await? {
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

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("git-protocol"), HeaderValue::from_static("version=2"));
    headers
}

/// Where requests are sent: beside the list of refs that was found, perhaps after redirects.
fn service_url(listing: &Url) -> Result<Url> {
    let mut url = listing.clone();
    url.set_query(None);
    let path = url.path().strip_suffix("/info/refs").map(|base| format!("{base}/{SERVICE}"));
    let wrong = || Failure::Final(format!("it redirects to '{listing}', which is no repository"));
    url.set_path(&path.ok_or_else(wrong)?);
    Ok(url)
}

fn parse_ref(line: &[u8]) -> std::result::Result<AdvertisedRef, GitError> {
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

/// The lines of an answer, as they arrive.
struct Lines {
    response: Response,
    reader: PktLineReader,
    bytes: u64,
}

impl Lines {
    fn new(response: Response) -> Self {
        Self { response, reader: PktLineReader::default(), bytes: 0 }
    }

    /// The next line; `None` at the end.
    async fn line(&mut self) -> Result<Option<PktLine>> {
        loop {
            if let Some(line) = self.reader.next()? {
                return Ok(Some(line));
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => {
                    self.bytes += chunk.len() as u64;
                    self.reader.push(&chunk);
                }
                Ok(None) if self.reader.is_empty() => return Ok(None),
                Ok(None) => {
                    let why = format!("it broke off after {} bytes", self.bytes);
                    return Err(Failure::Transient(why).into());
                }
                Err(error) => return Err(broke_off(&error, self.bytes, None).into()),
            }
        }
    }
}
