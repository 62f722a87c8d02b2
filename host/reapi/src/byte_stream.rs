//! `google.bytestream.ByteStream`: blobs of any size.

use bazel_remote_apis::google::bytestream::byte_stream_server::ByteStream;
use bazel_remote_apis::google::bytestream::{
    QueryWriteStatusRequest, QueryWriteStatusResponse, ReadRequest, ReadResponse, WriteRequest, WriteResponse,
};
use spec_cas::Cas;
use spec_model::Digest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::access::Access;
use crate::blocking::broken;
use crate::context::Context;
use crate::download::Download;
use crate::refusal::Refusal;
use crate::resource::Resource;
use crate::upload::Upload;
use crate::uploads::Session;

/// Pieces that are read before the client wants them.
const AHEAD: usize = 2;

pub(crate) struct Bytes {
    pub(crate) context: Context,
}

type Piece = Result<ReadResponse, Status>;

#[tonic::async_trait]
impl ByteStream for Bytes {
    type ReadStream = ReceiverStream<Piece>;

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        let ReadRequest { resource_name, read_offset, read_limit } = request.into_inner();
        let resource = Resource::to_read(&resource_name)?;
        let cas = self.store(&resource)?;
        // As google.bytestream has it, while a negative limit is any error.
        let before = |_| Refusal::OutOfRange(format!("offset {read_offset} is before the beginning"));
        let offset = u64::try_from(read_offset).map_err(before)?;
        let limit = u64::try_from(read_limit).map_err(|_| Refusal::invalid("the limit is negative"))?;
        if resource.zstd && limit > 0 {
            return Err(Refusal::invalid("a compressed read has no limit").into());
        }
        let open = move || -> Result<_, Refusal> {
            let mut download = Download::open(&cas, resource.digest, offset, limit, resource.zstd)?;
            let first = download.next()?;
            Ok((download, first))
        };
        let (download, first) = self.context.blocking.run(open).await??;
        let (sender, receiver) = mpsc::channel(AHEAD);
        if let Some(data) = first {
            // There is room for one.
            let _ = sender.try_send(Ok(ReadResponse { data }));
            if !download.is_done() {
                tokio::spawn(send(self.context.clone(), download, sender));
            }
        }
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn write(
        &self,
        request: Request<Streaming<WriteRequest>>,
    ) -> Result<Response<WriteResponse>, Status> {
        let access = Access::of(&request);
        let mut stream = request.into_inner();
        let first = self.next(&mut stream).await?;
        let first = first.ok_or_else(|| Refusal::invalid("a write without a message"))?;
        let resource = Resource::to_write(&first.resource_name)?;
        let cas = self.store(&resource)?;
        access.write()?;
        let digest = resource.digest;
        if self.has(&cas, digest).await? {
            // REAPI: -1 when a compressed upload ends early, for its compressed size is not known.
            let committed_size = if resource.zstd { -1 } else { digest.size().cast_signed() };
            return Ok(Response::new(WriteResponse { committed_size }));
        }
        let committed_size = self.take(&cas, &resource, first, &mut stream).await?.cast_signed();
        Ok(Response::new(WriteResponse { committed_size }))
    }

    async fn query_write_status(
        &self,
        request: Request<QueryWriteStatusRequest>,
    ) -> Result<Response<QueryWriteStatusResponse>, Status> {
        let name = request.into_inner().resource_name;
        let resource = Resource::to_write(&name)?;
        if self.has(&self.store(&resource)?, resource.digest).await? {
            let committed_size = resource.digest.size().cast_signed();
            return Ok(Response::new(QueryWriteStatusResponse { committed_size, complete: true }));
        }
        // Nothing committed is an answer that every client goes on from; Bazel gives up on NOT_FOUND.
        let committed_size = self.context.uploads.received(&name).unwrap_or(0).cast_signed();
        Ok(Response::new(QueryWriteStatusResponse { committed_size, complete: false }))
    }
}

impl Bytes {
    /// The store that a resource is in. Refuses an instance and a digest function that are not served.
    fn store(&self, resource: &Resource) -> Result<Cas, Refusal> {
        self.context.instance(&resource.instance)?;
        Ok(self.context.realms.get(resource.function)?.cas.clone())
    }

    async fn has(&self, cas: &Cas, digest: Digest) -> Result<bool, Refusal> {
        let cas = cas.clone();
        Ok(self.context.blocking.run(move || cas.contains(&digest)).await??)
    }

    /// Takes an upload to its end, or to the end of the client's messages; answers with the bytes taken. One message
    /// is hashed and written while the next one comes.
    async fn take(
        &self,
        cas: &Cas,
        resource: &Resource,
        mut message: WriteRequest,
        stream: &mut Streaming<WriteRequest>,
    ) -> Result<u64, Status> {
        let name = std::mem::take(&mut message.resource_name);
        let at = u64::try_from(message.write_offset);
        let mut received = at.map_err(|_| Refusal::invalid("the offset is negative"))?;
        let fresh = || Upload::new(cas, resource.digest, resource.zstd);
        let mut session: Session = self.context.uploads.begin(&name, received, fresh)?;
        loop {
            check(&message, &name, received)?;
            received += message.data.len() as u64;
            if message.finish_write {
                self.context.blocking.run(move || session.write(&message.data)?.finish()).await??;
                return Ok(received);
            }
            let written = self.context.blocking.start(move || session.write(&message.data)).await?;
            let next = self.next(stream).await;
            session = written.await.map_err(broken)??;
            match next? {
                Some(next) => message = next,
                None => return Ok(received),
            }
        }
    }

    async fn next(&self, stream: &mut Streaming<WriteRequest>) -> Result<Option<WriteRequest>, Status> {
        match tokio::time::timeout(self.context.options.limits.patience, stream.message()).await {
            Ok(message) => message,
            Err(_) => Err(Refusal::Aborted("the upload's next message did not come".to_owned()).into()),
        }
    }
}

/// Later messages repeat the name or leave it out, and go on where the last one ended.
fn check(message: &WriteRequest, name: &str, received: u64) -> Result<(), Refusal> {
    if !message.resource_name.is_empty() && message.resource_name != name {
        return Err(Refusal::invalid("the resource name changes within one write"));
    }
    match u64::try_from(message.write_offset) {
        Ok(offset) if offset == received => Ok(()),
        _ => {
            let offset = message.write_offset;
            Err(Refusal::WrongOffset(format!("a message at {offset}, but {received} bytes have come")))
        }
    }
}

/// Sends what is left of a download, until it ends or the client goes.
async fn send(context: Context, mut download: Download, sender: mpsc::Sender<Piece>) {
    loop {
        let read = context.blocking.run(move || {
            let piece = download.next();
            (download, piece)
        });
        let piece = match read.await {
            Ok((read, piece)) => {
                download = read;
                piece
            }
            Err(refusal) => {
                let _ = sender.send(Err(refusal.into())).await;
                return;
            }
        };
        let Some(piece) = piece.transpose() else { return };
        let is_last = piece.is_err();
        let piece = piece.map(|data| ReadResponse { data }).map_err(Status::from);
        if sender.send(piece).await.is_err() || is_last {
            return;
        }
    }
}
