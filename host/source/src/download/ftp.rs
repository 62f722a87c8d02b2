//! Files of FTP servers, in passive mode.

use std::io;
use std::time::Duration;

use reqwest::{StatusCode, Url};
use suppaftp::tokio::{AsyncFtpStream, AsyncNoTlsStream, TransferStream};
use suppaftp::types::{FileType, Mode};
use suppaftp::{FtpError, FtpResult};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::failure::Failure;
use super::netrc::Netrc;
use crate::http_options::HttpOptions;
use crate::url::{ftp_path, percent_decoded};

/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;
/// The login that servers of public files expect.
const ANONYMOUS: (&str, &str) = ("anonymous", "anonymous@");

/// A file of an FTP server.
#[derive(Debug)]
pub(super) struct FtpFile {
    url: Url,
    path: String,
}

impl FtpFile {
    /// The file at a URL; `None` for other schemes.
    pub(super) fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "ftp")?;
        Some(Self { path: ftp_path(&url)?, url })
    }

    /// Passes its bytes on, with their number, as far as the server tells it.
    pub(super) async fn receive(
        &self,
        options: &HttpOptions,
        netrc: &Netrc,
        mut take: impl FnMut(&[u8], Option<u64>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let limit = options.read_timeout;
        let mut server = self.connect(options).await?;
        let (user, password) = self.login(netrc);
        within(limit, server.login(user, password)).await?;
        within(limit, server.transfer_type(FileType::Binary)).await?;
        let total = match within(limit, server.size(&self.path)).await {
            Ok(size) => Some(size as u64),
            // Servers need not know the command.
            Err(Failure::Status(_)) => None,
            Err(failure) => return Err(failure),
        };
        let mut file = within(limit, server.retr_as_stream(&self.path)).await?;
        let mut received = 0;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = next(limit, &mut file, &mut chunk).await?;
            if read == 0 {
                break;
            }
            received += read as u64;
            take(&chunk[..read], total).map_err(Failure::Disk)?;
        }
        within(limit, file.finish()).await?;
        match total {
            Some(total) if total != received => {
                Err(Failure::Transient(format!("it broke off after {received} of {total} bytes")))
            }
            _ => Ok(()),
        }
    }

    async fn connect(&self, options: &HttpOptions) -> Result<AsyncFtpStream, Failure> {
        let host = self.url.host_str().unwrap_or_default();
        let address = (host.trim_matches(['[', ']']), self.url.port().unwrap_or(21));
        let connected = tokio::time::timeout(options.connect_timeout, TcpStream::connect(address)).await;
        let late = |_| Failure::Transient("the server has not let itself be connected to in time".to_owned());
        let stream = connected.map_err(late)?.map_err(|error| Failure::Transient(error.to_string()))?;
        let is_v6 = stream.peer_addr().is_ok_and(|address| address.is_ipv6());
        let mut server = within(options.read_timeout, AsyncFtpStream::connect_with_stream(stream)).await?;
        server.set_mode(if is_v6 { Mode::ExtendedPassive } else { Mode::Passive });
        // Files come from the server itself, whatever address it names.
        server.set_passive_nat_workaround(true);
        Ok(server)
    }

    /// The login of the URL, or that for its machine, or none.
    fn login(&self, netrc: &Netrc) -> (String, String) {
        let decoded = |text: &str| String::from_utf8_lossy(&percent_decoded(text.as_bytes())).into_owned();
        if !self.url.username().is_empty() {
            return (decoded(self.url.username()), decoded(self.url.password().unwrap_or_default()));
        }
        let host = self.url.host_str().unwrap_or_default();
        let entry = netrc.of_machine(host).or_else(|| netrc.default_entry());
        let login = entry.and_then(|entry| Some((entry.login.clone()?, entry.password.clone()?)));
        login.unwrap_or_else(|| (ANONYMOUS.0.to_owned(), ANONYMOUS.1.to_owned()))
    }
}

/// The number of bytes that came; 0 at the end.
async fn next(
    limit: Duration,
    file: &mut TransferStream<AsyncNoTlsStream>,
    chunk: &mut [u8],
) -> Result<usize, Failure> {
    let read = async { file.read(chunk).await.map_err(FtpError::ConnectionError) };
    within(limit, read).await
}

async fn within<T>(limit: Duration, work: impl Future<Output = FtpResult<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done.map_err(failure),
        Err(_) => Err(Failure::Transient("the server has not answered in time".to_owned())),
    }
}

fn failure(error: FtpError) -> Failure {
    match error {
        FtpError::ConnectionError(error) => Failure::Transient(error.to_string()),
        FtpError::UnexpectedResponse(response) => {
            let code = response.status.code();
            let status = u16::try_from(code).ok().and_then(|code| StatusCode::from_u16(code).ok());
            match status {
                Some(status) if !status.is_client_error() => Failure::Status(status),
                // Codes from 400 to 499 mean that another attempt may succeed.
                _ => Failure::Transient(format!("the server answers {code}")),
            }
        }
        error => Failure::Final(error.to_string()),
    }
}
