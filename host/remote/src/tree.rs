//! Whole trees to and from a server.

use std::collections::HashMap;
use std::sync::Arc;

use spec_cas::{Cas, CasError, TreeSize, decode_directory};
use spec_model::Digest;
use spec_model::tree::Directory;
use spec_proto::{Message, reapi};

use crate::blob::{Moved, Provider, Receiver};
use crate::download::FETCH;
use crate::error::RemoteError;
use crate::kept::Kept;
use crate::landing::Landing;
use crate::remote::Remote;
use crate::wire::to_wire;

/// Directory messages of a tree, by their digests, with their contents.
pub(crate) type Directories = HashMap<Digest, (Vec<u8>, Directory)>;

impl Remote {
    /// Sends those of `blobs` that the server does not have; answers with what was sent. For a tree these are all its
    /// directories and files.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub async fn push(&self, provider: Arc<dyn Provider>, blobs: &[Digest]) -> Result<Moved, RemoteError> {
        let missing = self.missing(blobs).await?;
        self.upload(provider, &missing).await
    }

    /// Brings a tree into the store: what of it is not there yet. Answers with what came.
    ///
    /// # Errors
    /// As [`download`](Self::download); `remote-broken` when something in the tree is no directory.
    pub async fn pull(&self, cas: &Cas, root: &Digest) -> Result<Moved, RemoteError> {
        let (store, whole) = (cas.clone(), *root);
        if self.final_blocking(move || store.is_complete(&whole)).await? {
            return Ok(Moved::default());
        }
        let directories = self.directories(root).await?;
        let came = Moved::of(directories.keys());
        let store = cas.clone();
        let put = move || {
            let files = directories.values().flat_map(|(_, one)| one.files.iter().map(|file| file.digest));
            let mut files: Vec<Digest> = files.collect();
            files.sort_unstable();
            files.dedup();
            let missing = store.missing(&files)?;
            let contents: Vec<&[u8]> = directories.values().map(|(bytes, _)| &bytes[..]).collect();
            store.put_many(&contents)?;
            Ok(missing)
        };
        let missing = self.final_blocking(put).await?;
        let files = self.download(Arc::new(cas.clone()), &missing).await?;
        Ok(came.and(files))
    }

    /// Brings a tree to a folder that [`Landing::prepare`] made for it; answers with what came.
    ///
    /// # Errors
    /// As [`pull`](Self::pull); `tree-too-large`, before anything is made, when it is larger than
    /// [`RemoteOptions::limits`](crate::RemoteOptions::limits).
    pub async fn pull_to(&self, landing: Landing, root: &Digest) -> Result<Moved, RemoteError> {
        let directories = self.directories(root).await?;
        self.check_size(root, &directories)?;
        let (came, root) = (Moved::of(directories.keys()), *root);
        let make = move || landing.make(&root, &directories);
        let landing = Arc::new(self.final_blocking(make).await?);
        let receiver: Arc<dyn Receiver> = Arc::<Landing>::clone(&landing);
        let files = self.download(receiver, &landing.files()).await?;
        self.final_blocking(move || landing.finish()).await?;
        Ok(came.and(files))
    }

    /// A few directories that hold each other many times over come in a moment and fill a disk.
    fn check_size(&self, root: &Digest, directories: &Directories) -> Result<(), CasError> {
        let load = |digest: &Digest| match directories.get(digest) {
            Some((_, directory)) => Ok(directory),
            None => Err(CasError::Missing { digest: *digest, what: "directory".to_owned() }),
        };
        TreeSize::of(root, self.options().limits, load).map(drop)
    }

    /// All directories of a tree: in one request where the server can, and what is still unknown level by level.
    async fn directories(&self, root: &Digest) -> Result<Directories, RemoteError> {
        let mut offered = self.whole_tree(root).await.unwrap_or_default();
        let kept = Arc::new(Kept::default());
        let mut directories = Directories::new();
        let (mut level, mut depth) = (vec![*root], 0);
        while !level.is_empty() {
            let all = (directories.len() + level.len()) as u64;
            self.options().limits.check(&format!("the tree {root}"), all, 0, depth)?;
            depth += 1;
            let unknown: Vec<Digest> =
                level.iter().filter(|digest| !offered.contains_key(digest)).copied().collect();
            self.download(Arc::<Kept>::clone(&kept), &unknown).await?;
            offered.extend(kept.take());
            let mut next = vec![];
            for digest in std::mem::take(&mut level) {
                let missing = || RemoteError::Missing { address: self.address(), digest };
                let bytes = offered.remove(&digest).ok_or_else(missing)?;
                let decoded = decode_directory(&digest, &bytes);
                let decoded = decoded.map_err(|error| self.broken(FETCH, error.to_string()))?;
                next.extend(decoded.directories.iter().map(|child| child.digest));
                directories.insert(digest, (bytes, decoded));
            }
            next.retain(|digest| !directories.contains_key(digest));
            next.sort_unstable();
            next.dedup();
            level = next;
        }
        Ok(directories)
    }

    /// What `GetTree` answers. What is not encoded as we do has another digest here, and is then asked for by its own.
    async fn whole_tree(&self, root: &Digest) -> Result<HashMap<Digest, Vec<u8>>, tonic::Status> {
        let (mut found, mut page_token) = (HashMap::new(), String::new());
        loop {
            let message = reapi::GetTreeRequest {
                instance_name: self.instance(),
                root_digest: Some(to_wire(root)),
                page_token,
                digest_function: self.wire_function(),
                ..Default::default()
            };
            let mut pages = self.storage().get_tree(self.request(message, 0)).await?.into_inner();
            page_token = String::new();
            while let Some(page) = pages.message().await? {
                page_token = page.next_page_token;
                let encoded = page.directories.iter().map(Message::encode_to_vec);
                found.extend(encoded.map(|bytes| (self.function().of(&bytes), bytes)));
            }
            if page_token.is_empty() {
                return Ok(found);
            }
        }
    }
}
