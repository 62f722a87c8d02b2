//! A server of repositories that is asked over http.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};

use crate::download::{Failure, HttpClient, answered, broke_off};

const SERVICE: &str = "git-upload-pack";

/// The answer of a server to the last request. Each message is a request of its own.
pub(super) struct HttpStream<'c> {
    client: &'c HttpClient,
    service: Url,
    response: Response,
}

impl<'c> HttpStream<'c> {
    /// Asks the server what it speaks.
    pub(super) async fn open(url: &str, client: &'c HttpClient) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/');
        let url = format!("{base}/info/refs?service={SERVICE}");
        let mut headers = headers();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let response = answered(client.get(&url, &headers).await?)?;
        let service = service_url(response.url())?;
        Ok(Self { client, service, response })
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), Failure> {
        let mut headers = headers();
        headers.insert(ACCEPT, HeaderValue::from_static("application/x-git-upload-pack-result"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-git-upload-pack-request"));
        self.response = answered(self.client.post(&self.service, &headers, message).await?)?;
        Ok(())
    }

    /// More bytes of the answer, of which so many were read; `None` at its end.
    pub(super) async fn chunk(&mut self, bytes: u64) -> Result<Option<Vec<u8>>, Failure> {
        match self.response.chunk().await {
            Ok(chunk) => Ok(chunk.map(|chunk| chunk.to_vec())),
            Err(error) => Err(broke_off(&error, bytes, None)),
        }
    }
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("git-protocol"), HeaderValue::from_static("version=2"));
    headers
}

/// Where requests are sent: beside the list of refs that was found, perhaps after redirects.
fn service_url(listing: &Url) -> Result<Url, Failure> {
    let mut url = listing.clone();
    url.set_query(None);
    let path = url.path().strip_suffix("/info/refs").map(|base| format!("{base}/{SERVICE}"));
    let wrong = || Failure::Final(format!("it redirects to '{listing}', which is no repository"));
    url.set_path(&path.ok_or_else(wrong)?);
    Ok(url)
}
