//! One blob on its way in.

use std::io::{self, Write};

use spec_cas::{BlobWriter, Cas, CasError};
use spec_model::Digest;
use zstd::stream::write::Decoder;

use crate::refusal::Refusal;
use crate::zstd_blob;

/// A blob of which some bytes have come. Nothing is stored before [`finish`](Self::finish).
pub(crate) struct Upload {
    cas: Cas,
    digest: Digest,
    sink: Sink,
    received: u64,
}

enum Sink {
    Plain(Box<Bounded>),
    Zstd(Box<Decoder<'static, Bounded>>),
}

impl Upload {
    pub(crate) fn new(cas: &Cas, digest: Digest, zstd: bool) -> Result<Self, Refusal> {
        let bounded = Bounded { writer: cas.writer_with_size(digest.size()), left: digest.size() };
        let sink = match zstd {
            false => Sink::Plain(Box::new(bounded)),
            true => {
                let decoder = zstd_blob::decoder(bounded);
                Sink::Zstd(Box::new(
                    decoder.map_err(|error| Refusal::failed("cannot decompress", "zstd", error))?,
                ))
            }
        };
        Ok(Self { cas: cas.clone(), digest, sink, received: 0 })
    }

    /// Bytes taken so far, as they were on the wire.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn write(&mut self, data: &[u8]) -> Result<(), Refusal> {
        let written = match &mut self.sink {
            Sink::Plain(bounded) => bounded.write_all(data),
            Sink::Zstd(decoder) => decoder.write_all(data),
        };
        written.map_err(|error| self.failed(error))?;
        self.received += data.len() as u64;
        Ok(())
    }

    /// Stores the blob, if it is the announced one.
    pub(crate) fn finish(mut self) -> Result<(), Refusal> {
        if let Sink::Zstd(decoder) = &mut self.sink {
            let flushed = decoder.flush();
            flushed.map_err(|error| self.failed(error))?;
        }
        let bounded = match self.sink {
            Sink::Plain(bounded) => *bounded,
            Sink::Zstd(decoder) => decoder.into_inner(),
        };
        if bounded.left > 0 {
            let (got, digest) = (bounded.writer.written(), self.digest);
            return Err(Refusal::Invalid(format!("{got} bytes came for {digest}; nothing was stored")));
        }
        Ok(bounded.writer.finish_expecting(&self.digest)?)
    }

    /// The system's errors are ours; the rest is in the data.
    fn failed(&self, error: io::Error) -> Refusal {
        let is_ours =
            error.raw_os_error().is_some() || error.get_ref().is_some_and(|inner| inner.is::<CasError>());
        match is_ours {
            true => CasError::writing(self.cas.root(), error).into(),
            false => Refusal::Invalid(format!("the data for {} is wrong: {error}", self.digest)),
        }
    }
}

/// Takes no more bytes than announced.
struct Bounded {
    writer: BlobWriter,
    left: u64,
}

impl Write for Bounded {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.len() as u64 > self.left {
            return Err(io::Error::other("there is more of it than announced"));
        }
        let count = self.writer.write(data)?;
        self.left -= count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
