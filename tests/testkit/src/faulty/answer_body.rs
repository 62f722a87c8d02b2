//! Bodies of answers: cut in the middle, or read as a whole.

use std::pin::Pin;

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::{Body as HttpBody, Bytes, Context, Poll};

use super::grpc_frames;

/// A body that ends with an error after some bytes.
pub(super) struct CutBody {
    body: Body,
    left: usize,
}

impl CutBody {
    pub(super) fn new(body: Body, left: usize) -> CutBody {
        CutBody { body, left }
    }
}

/// A frame of a body with data or trailers.
type Frame = http_body::Frame<Bytes>;

impl HttpBody for CutBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => frame,
            other => return other,
        };
        let cut = || Poll::Ready(Some(Err(Status::internal("the stream is cut here"))));
        match frame.into_data() {
            Ok(data) if data.len() <= self.left => {
                self.left -= data.len();
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Ok(data) if self.left > 0 => {
                let left = std::mem::take(&mut self.left);
                Poll::Ready(Some(Ok(Frame::data(data.slice(..left)))))
            }
            // Trailers would say that the answer is whole.
            Ok(_) | Err(_) => cut(),
        }
    }
}

/// A body that never ends and has nothing.
pub(super) struct MuteBody;

impl HttpBody for MuteBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, Status>>> {
        Poll::Pending
    }
}

/// All of a body, and what is left of it to send.
pub(super) struct WholeBody {
    data: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl WholeBody {
    pub(super) async fn read(mut body: Body) -> Result<WholeBody, Status> {
        let (mut data, mut trailers) = (Vec::new(), None);
        while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
        {
            match frame?.into_data() {
                Ok(piece) => data.extend_from_slice(&piece),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        let data = (!data.is_empty()).then(|| data.into());
        Ok(WholeBody { data, trailers })
    }

    /// Bytes of its messages, with their frames.
    pub(super) fn size(&self) -> usize {
        self.data.as_ref().map_or(0, Bytes::len)
    }

    /// Replaces each gRPC message.
    pub(super) fn edit(&mut self, edit: impl FnMut(&[u8]) -> Vec<u8>) {
        self.data = self.data.take().map(|data| grpc_frames::map(&data, edit).into());
    }
}

impl HttpBody for WholeBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, Status>>> {
        let next = match self.data.take() {
            Some(data) => Some(Frame::data(data)),
            None => self.trailers.take().map(Frame::trailers),
        };
        Poll::Ready(next.map(Ok))
    }
}
