//! Uploading and downloading trees.

use std::collections::HashMap;
use std::sync::Arc;

use spec_cas::{Cas, CasError, TreeSize, decode_directory};
use spec_model::Digest;
use spec_proto::{Message, reapi};

use crate::blob::{BlobProvider, BlobReceiver, TransferTotals};
use crate::directory_receiver::{Directories, DirectoryReceiver};
use crate::download::FETCH;
use crate::error::RemoteError;
use crate::memory_receiver::MemoryReceiver;
use crate::remote::Remote;
use crate::wire::digest_to_proto;

impl Remote {
    /// Uploads those of `blobs` that the server does not have; returns what was sent. To push a tree, `blobs` must be all
    /// its directories and files.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub async fn push(
        &self,
        provider: Arc<dyn BlobProvider>,
        blobs: &[Digest],
    ) -> Result<TransferTotals, RemoteError> {
        let moved = self.ensure_present_if(provider, &[], blobs, std::future::ready(true)).await?;
        Ok(moved.unwrap_or_default())
    }

    /// Downloads what the store does not have of a tree; returns what was received.
    ///
    /// # Errors
    /// As [`download`](Self::download); `remote-broken` when a directory of the tree cannot be decoded.
    pub async fn pull(&self, cas: &Cas, root: &Digest) -> Result<TransferTotals, RemoteError> {
        let (store, whole) = (cas.clone(), *root);
        if self.blocking_once(move || store.is_complete(&whole)).await? {
            return Ok(TransferTotals::default());
        }
        let directories = self.directories(root).await?;
        self.check_size(root, &directories)?;
        let received = TransferTotals::of(directories.keys());
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
        let missing = self.blocking_once(put).await?;
        let files = self.download(Arc::new(cas.clone()), &missing).await?;
        Ok(received.plus(files))
    }

    /// Downloads the directories of a tree to the store, without its files; returns the digests of the files, each once.
    ///
    /// # Errors
    /// As [`pull`](Self::pull).
    pub async fn pull_directories(&self, cas: &Cas, root: &Digest) -> Result<Vec<Digest>, RemoteError> {
        let (directories, store) = (self.directories(root).await?, cas.clone());
        let files = directories.values().flat_map(|(_, one)| one.files.iter().map(|file| file.digest));
        let mut files: Vec<Digest> = files.collect();
        files.sort_unstable();
        files.dedup();
        let put = move || {
            let contents: Vec<&[u8]> = directories.values().map(|(bytes, _)| &bytes[..]).collect();
            store.put_many(&contents)
        };
        self.blocking_once(put).await?;
        Ok(files)
    }

    /// Downloads a tree to a directory; returns what was received.
    ///
    /// # Errors
    /// As [`pull`](Self::pull); `tree-too-large`, before anything is written, when it is larger than
    /// [`RemoteOptions::limits`](crate::RemoteOptions::limits).
    pub async fn pull_to(
        &self,
        receiver: DirectoryReceiver,
        root: &Digest,
    ) -> Result<TransferTotals, RemoteError> {
        let directories = self.directories(root).await?;
        self.check_size(root, &directories)?;
        let (received, root) = (TransferTotals::of(directories.keys()), *root);
        let create = move || receiver.create_directories(&root, &directories);
        let files_receiver = Arc::new(self.blocking_once(create).await?);
        let dyn_receiver: Arc<dyn BlobReceiver> = Arc::<DirectoryReceiver>::clone(&files_receiver);
        let files = self.download(dyn_receiver, &files_receiver.files()).await?;
        self.blocking_once(move || files_receiver.publish()).await?;
        Ok(received.plus(files))
    }

    /// Refuses a tree beyond the limits: a few small directory messages can describe a tree that fills the disk.
    fn check_size(&self, root: &Digest, directories: &Directories) -> Result<(), CasError> {
        let load = |digest: &Digest| match directories.get(digest) {
            Some((_, directory)) => Ok(directory),
            None => Err(CasError::Missing { digest: *digest, what: "directory".to_owned() }),
        };
        TreeSize::of(root, self.options().limits, load).map(drop)
    }

    /// All directories of a tree: with `GetTree` where the server supports it, and what it left out level by level.
    async fn directories(&self, root: &Digest) -> Result<Directories, RemoteError> {
        let mut fetched = self.get_tree(root).await.unwrap_or_default();
        let receiver = Arc::new(MemoryReceiver::new(self.function()));
        let mut directories = Directories::new();
        let (mut level, mut depth) = (vec![*root], 0);
        while !level.is_empty() {
            let all = (directories.len() + level.len()) as u64;
            self.options().limits.check(&format!("the tree {root}"), all, 0, depth)?;
            depth += 1;
            let unknown: Vec<Digest> =
                level.iter().filter(|digest| !fetched.contains_key(digest)).copied().collect();
            self.download(Arc::<MemoryReceiver>::clone(&receiver), &unknown).await?;
            fetched.extend(receiver.take());
            let mut next = vec![];
            for digest in std::mem::take(&mut level) {
                let missing = || RemoteError::Missing { address: self.address(), digest };
                let bytes = fetched.remove(&digest).ok_or_else(missing)?;
                let decoded = decode_directory(&digest, &bytes);
                let decoded = decoded.map_err(|error| self.protocol_error(FETCH, error.to_string()))?;
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

    /// The directories that `GetTree` returns, encoded canonically. If that changes the digest of one, it is missing here
    /// under the digest that its parent names, and downloaded as a blob.
    async fn get_tree(&self, root: &Digest) -> Result<HashMap<Digest, Vec<u8>>, tonic::Status> {
        let (mut found, mut page_token) = (HashMap::new(), String::new());
        loop {
            let message = reapi::GetTreeRequest {
                instance_name: self.instance(),
                root_digest: Some(digest_to_proto(root)),
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
