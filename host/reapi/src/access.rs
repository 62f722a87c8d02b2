//! Bearer tokens: which clients may read, and which may write.

use std::sync::Arc;

use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::options::Tokens;
use crate::request_error::RequestError;

/// What the client of a request may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Access {
    /// The access that [`TokenInterceptor`] attached to a request. Without it a client may only read.
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().copied().unwrap_or(Self::Read)
    }

    /// Fails unless the client may write.
    pub(crate) fn require_write(self) -> Result<(), RequestError> {
        match self {
            Self::Write => Ok(()),
            Self::Read => Err(RequestError::Forbidden("you may only read from this server".to_owned())),
        }
    }
}

/// Rejects requests without a known token, and attaches the client's [`Access`] to the others.
#[derive(Clone)]
pub(crate) struct TokenInterceptor {
    tokens: Arc<Tokens>,
    max_access: Access,
}

impl TokenInterceptor {
    pub(crate) fn new(tokens: Tokens, writable: bool) -> Self {
        Self { tokens: Arc::new(tokens), max_access: if writable { Access::Write } else { Access::Read } }
    }

    fn access_of(&self, authorization: Option<&str>) -> Option<Access> {
        let Tokens { read_only, read_write } = &*self.tokens;
        if read_only.is_empty() && read_write.is_empty() {
            return Some(self.max_access);
        }
        let token = authorization?.strip_prefix("Bearer ")?;
        let is_in = |known: &[String]| {
            known.iter().fold(false, |found, one| found | equal_in_constant_time(one, token))
        };
        match (is_in(read_write), is_in(read_only)) {
            (true, _) => Some(self.max_access),
            (false, true) => Some(Access::Read),
            (false, false) => None,
        }
    }
}

impl Interceptor for TokenInterceptor {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let authorization = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let access = self.access_of(authorization);
        let access = access
            .ok_or_else(|| Status::unauthenticated("this server requires a bearer token that it knows"))?;
        request.extensions_mut().insert(access);
        Ok(request)
    }
}

/// Compares in a time that does not depend on where the token differs.
fn equal_in_constant_time(known: &str, token: &str) -> bool {
    let differ = known.bytes().zip(token.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    known.len() == token.len() && differ == 0
}

#[cfg(test)]
mod tests;
