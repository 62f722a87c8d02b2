//! The client of the batch API of Git LFS: it asks where files are, and downloads them.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::super::server_failure::{ServerResult, of_attempt, of_attempts};
use super::lfs_config::LfsLogin;
use super::lfs_objects::LfsObjects;
use super::lfs_pointer::LfsPointer;
use crate::download::{Attempts, Failure, HttpClient, answered, body, broke_off};
use crate::git_error::GitError;
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.git-lfs+json");
/// The files of one request, as git-lfs asks for them.
const BATCH: usize = 100;
/// Bytes of an answer about so many files.
const LARGEST_ANSWER: usize = 4 << 20;

/// A server of files.
pub(crate) struct LfsServer<'s> {
    pub(crate) login: &'s LfsLogin,
    pub(crate) options: &'s HttpOptions,
    pub(crate) monitor: &'s FetchMonitor,
}

#[derive(Serialize)]
struct Question<'q> {
    operation: &'q str,
    transfers: [&'q str; 1],
    hash_algo: &'q str,
    objects: Vec<Wanted<'q>>,
}

#[derive(Serialize)]
struct Wanted<'w> {
    oid: &'w str,
    size: u64,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    transfer: Option<String>,
    objects: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    oid: String,
    #[serde(default)]
    actions: Actions,
    #[serde(default)]
    error: Option<ObjectError>,
}

#[derive(Default, Deserialize)]
struct Actions {
    #[serde(default)]
    download: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct ObjectError {
    code: u64,
    message: String,
}

impl LfsServer<'_> {
    /// Downloads files.
    pub(crate) fn download(&self, wanted: &[&LfsPointer], objects: &LfsObjects) -> ServerResult<()> {
        wanted.chunks(BATCH).try_for_each(|batch| self.download_batch(batch, objects))
    }

    fn download_batch(&self, wanted: &[&LfsPointer], objects: &LfsObjects) -> ServerResult<()> {
        let attempts = Attempts { options: self.options, monitor: self.monitor, longest: None };
        of_attempts(attempts.run_http(async |client: &HttpClient| {
            // What an attempt before has received is not asked for again.
            let left: Vec<&LfsPointer> =
                wanted.iter().copied().filter(|pointer| objects.find(pointer).is_none()).collect();
            of_attempt(self.receive_all(client, &left, objects).await)
        }))
    }

    async fn receive_all(
        &self,
        client: &HttpClient,
        wanted: &[&LfsPointer],
        objects: &LfsObjects,
    ) -> ServerResult<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let answer = self.ask(client, wanted).await?;
        for pointer in wanted {
            let refused = |why: String| GitError::Lfs { sha256: pointer.sha256.clone(), why };
            let found = answer.objects.iter().find(|object| object.oid == pointer.sha256);
            let object = found.ok_or_else(|| refused("is not in the server's answer".to_owned()))?;
            if let Some(ObjectError { code, message }) = &object.error {
                let message: String = message.chars().filter(|c| !c.is_control()).take(500).collect();
                return Err(refused(format!("is refused by the server: {message} ({code})")).into());
            }
            let action = object.actions.download.as_ref();
            let action = action.ok_or_else(|| refused("cannot be downloaded from the server".to_owned()))?;
            self.receive(client, pointer, action, objects).await?;
        }
        Ok(())
    }

    /// Asks where files are.
    async fn ask(&self, client: &HttpClient, wanted: &[&LfsPointer]) -> ServerResult<Answer> {
        let wanted = wanted.iter().map(|pointer| Wanted { oid: &pointer.sha256, size: pointer.size });
        let question = Question {
            operation: "download",
            transfers: ["basic"],
            hash_algo: "sha256",
            objects: wanted.collect(),
        };
        let wrong = |why: String| GitError::LfsAnswer { why };
        let message = serde_json::to_vec(&question).map_err(|error| wrong(error.to_string()))?;
        let url = format!("{}/objects/batch", self.login.url.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|error| Failure::Final(error.to_string()))?;
        let mut headers = given(&self.login.header);
        headers.extend([(ACCEPT, MEDIA_TYPE), (CONTENT_TYPE, MEDIA_TYPE)]);
        let response = answered(client.post(&url, &headers, &message).await?)?;
        let text = body(response, LARGEST_ANSWER).await?;
        let answer: Answer = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        match answer.transfer.as_deref() {
            None | Some("basic") => Ok(answer),
            Some(other) => Err(wrong(format!("it wants the transfer '{}'", other.escape_debug())).into()),
        }
    }

    async fn receive(
        &self,
        client: &HttpClient,
        pointer: &LfsPointer,
        action: &Action,
        objects: &LfsObjects,
    ) -> ServerResult<()> {
        let mut response = answered(get(client, action).await?)?;
        let mut file = objects.receive(pointer).map_err(Failure::Disk)?;
        let refused = |why: String| GitError::Lfs { sha256: pointer.sha256.clone(), why };
        let mut bytes = 0;
        while let Some(chunk) = response.chunk().await.map_err(|error| broke_off(&error, bytes, None))? {
            bytes += chunk.len() as u64;
            if !file.take(&chunk).map_err(Failure::Disk)? {
                return Err(refused(format!("has more than {} bytes", pointer.size)).into());
            }
            self.monitor.report(bytes, Some(pointer.size));
        }
        file.finish(pointer).map_err(Failure::Disk)?.map_err(|why| refused(why).into())
    }
}

/// Requests a file as the server says. A login that it gives for the file is for the machine that it names, and for no other after
/// a redirect; without one, the user's own passwords count.
async fn get(client: &HttpClient, action: &Action) -> Result<Response, Failure> {
    let mut headers = given(&action.header);
    match headers.remove(AUTHORIZATION) {
        Some(login) => client.get_authorized(&action.href, &headers, Some(&login)).await,
        None => client.get(&action.href, &headers).await,
    }
}

/// The headers that a server has given. What is none is left out.
fn given(header: &BTreeMap<String, String>) -> HeaderMap {
    let one = |(name, value): (&String, &String)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    };
    header.iter().filter_map(one).collect()
}
