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
use crate::blocking_pool::join_error;
use crate::download::Download;
use crate::request_error::RequestError;
use crate::resource_name::ResourceName;
use crate::service_context::ServiceContext;
use crate::uploads::ActiveUpload;
use crate::uploads::Upload;

/// Messages that are read before the client has received earlier ones.
const READ_AHEAD: usize = 2;

pub(crate) struct ByteStreamService {
    pub(crate) context: ServiceContext,
}

type ReadMessage = Result<ReadResponse, Status>;

#[tonic::async_trait]
impl ByteStream for ByteStreamService {
    type ReadStream = ReceiverStream<ReadMessage>;

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        let ReadRequest { resource_name, read_offset, read_limit } = request.into_inner();
        let resource = ResourceName::parse_read(&resource_name)?;
        let cas = self.store(&resource)?;
        // google.bytestream demands this code; for a negative limit it leaves the code open.
        let before = |_| RequestError::OutOfRange(format!("offset {read_offset} is negative"));
        let offset = u64::try_from(read_offset).map_err(before)?;
        let limit = u64::try_from(read_limit).map_err(|_| RequestError::invalid("the limit is negative"))?;
        if resource.zstd && limit > 0 {
            return Err(RequestError::invalid("a compressed read has no limit").into());
        }
        let open = move || -> Result<_, RequestError> {
            let mut download = Download::open(&cas, resource.digest, offset, limit, resource.zstd)?;
            let first = download.next()?;
            Ok((download, first))
        };
        let (download, first) = self.context.blocking.run(open).await??;
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
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
        let first = first.ok_or_else(|| RequestError::invalid("the write has no message"))?;
        let resource = ResourceName::parse_write(&first.resource_name)?;
        let cas = self.store(&resource)?;
        access.require_write()?;
        let digest = resource.digest;
        if self.has(&cas, digest).await? {
            // REAPI: -1 when a compressed upload ends early, for its compressed size is not known.
            let committed_size = if resource.zstd { -1 } else { digest.size().cast_signed() };
            return Ok(Response::new(WriteResponse { committed_size }));
        }
        let committed_size = self.receive(&cas, &resource, first, &mut stream).await?.cast_signed();
        Ok(Response::new(WriteResponse { committed_size }))
    }

    async fn query_write_status(
        &self,
        request: Request<QueryWriteStatusRequest>,
    ) -> Result<Response<QueryWriteStatusResponse>, Status> {
        let name = request.into_inner().resource_name;
        let resource = ResourceName::parse_write(&name)?;
        if self.has(&self.store(&resource)?, resource.digest).await? {
            let committed_size = resource.digest.size().cast_signed();
            return Ok(Response::new(QueryWriteStatusResponse { committed_size, complete: true }));
        }
        // Clients resume from 0 committed bytes; on NOT_FOUND Bazel would fail.
        let committed_size = self.context.uploads.received(&name).unwrap_or(0).cast_signed();
        Ok(Response::new(QueryWriteStatusResponse { committed_size, complete: false }))
    }
}

impl ByteStreamService {
    /// The store of a resource. Fails when its instance or digest function is not served.
    fn store(&self, resource: &ResourceName) -> Result<Cas, RequestError> {
        self.context.check_instance(&resource.instance)?;
        Ok(self.context.backends.get(resource.function)?.cas.clone())
    }

    async fn has(&self, cas: &Cas, digest: Digest) -> Result<bool, RequestError> {
        let cas = cas.clone();
        Ok(self.context.blocking.run(move || cas.contains(&digest)).await??)
    }

    /// Receives an upload to its end, or to the end of the client's messages; returns the number of bytes received. A message
    /// is written while the next one is received.
    async fn receive(
        &self,
        cas: &Cas,
        resource: &ResourceName,
        mut message: WriteRequest,
        stream: &mut Streaming<WriteRequest>,
    ) -> Result<u64, Status> {
        let name = std::mem::take(&mut message.resource_name);
        let offset = u64::try_from(message.write_offset);
        let mut received = offset.map_err(|_| RequestError::invalid("the offset is negative"))?;
        let fresh = || Upload::new(cas, resource.digest, resource.zstd);
        let mut upload: ActiveUpload = self.context.uploads.begin(&name, received, fresh)?;
        loop {
            check_continues(&message, &name, received)?;
            received += message.data.len() as u64;
            if message.finish_write {
                self.context.blocking.run(move || upload.write(&message.data)?.finish()).await??;
                return Ok(received);
            }
            let written = self.context.blocking.start(move || upload.write(&message.data)).await?;
            let next = self.next(stream).await;
            upload = written.await.map_err(join_error)??;
            match next? {
                Some(next) => message = next,
                None => return Ok(received),
            }
        }
    }

    async fn next(&self, stream: &mut Streaming<WriteRequest>) -> Result<Option<WriteRequest>, Status> {
        match tokio::time::timeout(self.context.options.limits.max_wait, stream.message()).await {
            Ok(message) => message,
            Err(_) => {
                Err(RequestError::Aborted("the next message of the upload did not arrive in time".to_owned())
                    .into())
            }
        }
    }
}

/// Checks that a message repeats the name or leaves it out, and starts where the previous one ended.
fn check_continues(message: &WriteRequest, name: &str, received: u64) -> Result<(), RequestError> {
    if !message.resource_name.is_empty() && message.resource_name != name {
        return Err(RequestError::invalid("the resource name changes within one write"));
    }
    match u64::try_from(message.write_offset) {
        Ok(offset) if offset == received => Ok(()),
        _ => {
            let offset = message.write_offset;
            Err(RequestError::WrongOffset(format!(
                "the message is for offset {offset}, but {received} bytes were received"
            )))
        }
    }
}

/// Sends the rest of a download, until it ends or the client disconnects.
async fn send(context: ServiceContext, mut download: Download, sender: mpsc::Sender<ReadMessage>) {
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
            Err(error) => {
                let _ = sender.send(Err(error.into())).await;
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
