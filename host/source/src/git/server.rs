//! A repository on a server: its branches and tags are listed, and packs of it are received.

use super::advertised_ref::AdvertisedRef;
use super::connection::Connection;
use super::git_address::ServerAddress;
use super::http_stream::HttpStream;
use super::mirror::Mirror;
use super::server_failure::{ServerFailure, ServerResult, of_attempt, of_attempts};
use super::session::{GitSession, PackRequest};
use super::ssh_address::SshAddress;
use super::ssh_process::{RemoteCommand, SshProcess};
use crate::download::{Attempts, Failure, HttpClient};
use crate::git_error::GitError;
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;
use crate::ssh_options::SshOptions;

/// A repository on a server.
pub(super) struct GitServer<'s> {
    pub(super) url: &'s str,
    pub(super) address: &'s ServerAddress,
    pub(super) http: &'s HttpOptions,
    pub(super) ssh: &'s SshOptions,
    pub(super) monitor: &'s FetchMonitor,
}

impl GitServer<'_> {
    /// The branches and tags.
    pub(super) fn refs(&self) -> ServerResult<Vec<AdvertisedRef>> {
        self.run(async |session: &mut GitSession<'_>| session.refs().await)
    }

    /// Receives a pack and puts it into a mirror, whole.
    pub(super) fn fetch(&self, request: &PackRequest<'_>, mirror: &Mirror) -> ServerResult<()> {
        let shallow =
            self.run(async |session: &mut GitSession<'_>| session.receive_pack(request, mirror).await)?;
        Ok(mirror.add_shallow(&shallow)?)
    }

    /// Asks in a session for each attempt. An error of git is the same in the next attempt.
    fn run<T>(&self, ask: impl AsyncFn(&mut GitSession<'_>) -> ServerResult<T>) -> ServerResult<T> {
        let attempts = Attempts { options: self.http, monitor: self.monitor, longest: None };
        match self.address {
            ServerAddress::Http => of_attempts(attempts.run_http(async |client: &HttpClient| {
                let stream = HttpStream::open(self.url, client).await?;
                of_attempt(self.asked(Connection::over_http(stream), &ask).await)
            })),
            ServerAddress::Ssh(address) => self.run_ssh(address, &attempts, &ask),
        }
    }

    async fn asked<T>(
        &self,
        connection: Connection<'_>,
        ask: &impl AsyncFn(&mut GitSession<'_>) -> ServerResult<T>,
    ) -> ServerResult<T> {
        let mut session = GitSession::open(connection, self.monitor).await?;
        let answer = ask(&mut session).await?;
        session.close().await;
        Ok(answer)
    }

    fn run_ssh<T>(
        &self,
        address: &SshAddress,
        attempts: &Attempts<'_>,
        ask: &impl AsyncFn(&mut GitSession<'_>) -> ServerResult<T>,
    ) -> ServerResult<T> {
        let connected = async |remote: RemoteCommand| {
            let process = SshProcess::start(address, remote, self.ssh, self.http)?;
            self.asked(Connection::over_ssh(process), ask).await
        };
        let outcome = attempts.run(async || {
            of_attempt(match connected(RemoteCommand::UploadPack).await {
                // Its sshd may not accept the variable.
                Err(ServerFailure::Git(old @ GitError::OldProtocol)) => {
                    match connected(RemoteCommand::UploadPackWithVariable).await {
                        Err(ServerFailure::Git(GitError::Server { .. })) => Err(old.into()),
                        answer => answer,
                    }
                }
                answer => answer,
            })
        });
        match outcome {
            Err((Failure::Transient(why) | Failure::Final(why), attempts)) => {
                let (destination, port) = (address.destination(), address.port());
                Err(GitError::Ssh { destination, port, why, attempts }.into())
            }
            outcome => of_attempts(outcome),
        }
    }
}

/// What the server of a repository says of its files of Git LFS: where they are, and the login for them.
pub(super) fn lfs_login(
    address: &SshAddress,
    ssh: &SshOptions,
    http: &HttpOptions,
    monitor: &FetchMonitor,
) -> ServerResult<Vec<u8>> {
    const LARGEST: usize = 64 << 10;
    let attempts = Attempts { options: http, monitor, longest: None };
    of_attempts(attempts.run(async || {
        let printed =
            async { SshProcess::start(address, RemoteCommand::LfsLogin, ssh, http)?.output(LARGEST).await };
        of_attempt(printed.await)
    }))
}
