//! Who may do what: bearer tokens.

use std::sync::Arc;

use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::options::Tokens;
use crate::refusal::Refusal;

/// What the client of a request may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Access {
    /// What the gate has found out about a request. Without a gate nobody may change anything.
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().copied().unwrap_or(Self::Read)
    }

    /// Refuses to change anything where that is not allowed.
    pub(crate) fn write(self) -> Result<(), Refusal> {
        match self {
            Self::Write => Ok(()),
            Self::Read => Err(Refusal::Forbidden("you may only read from this server".to_owned())),
        }
    }
}

/// Lets requests in, and marks them with what their client may do.
#[derive(Clone)]
pub(crate) struct Gate {
    tokens: Arc<Tokens>,
    most: Access,
}

impl Gate {
    pub(crate) fn new(tokens: Tokens, writable: bool) -> Self {
        Self { tokens: Arc::new(tokens), most: if writable { Access::Write } else { Access::Read } }
    }

    fn judge(&self, authorization: Option<&str>) -> Option<Access> {
        let Tokens { read_only, read_write } = &*self.tokens;
        if read_only.is_empty() && read_write.is_empty() {
            return Some(self.most);
        }
        let token = authorization?.strip_prefix("Bearer ")?;
        let is_in = |known: &[String]| known.iter().fold(false, |found, one| found | same(one, token));
        match (is_in(read_write), is_in(read_only)) {
            (true, _) => Some(self.most),
            (false, true) => Some(Access::Read),
            (false, false) => None,
        }
    }
}

impl Interceptor for Gate {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let authorization = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let access = self.judge(authorization);
        let access = access
            .ok_or_else(|| Status::unauthenticated("this server wants a bearer token that it knows"))?;
        request.extensions_mut().insert(access);
        Ok(request)
    }
}

/// Takes as long for a wrong token as for a right one.
fn same(known: &str, token: &str) -> bool {
    let differ = known.bytes().zip(token.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    known.len() == token.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_decide() {
        let tokens = Tokens { read_only: vec!["r".to_owned()], read_write: vec!["w".to_owned()] };
        for (tokens, writable, given, expect) in [
            (Tokens::default(), true, None, Some(Access::Write)),
            (Tokens::default(), false, Some("Bearer w"), Some(Access::Read)),
            (tokens.clone(), true, None, None),
            (tokens.clone(), true, Some("Bearer x"), None),
            (tokens.clone(), true, Some("Bearer ww"), None),
            (tokens.clone(), true, Some("w"), None),
            (tokens.clone(), true, Some("Bearer r"), Some(Access::Read)),
            (tokens.clone(), true, Some("Bearer w"), Some(Access::Write)),
            (tokens, false, Some("Bearer w"), Some(Access::Read)),
        ] {
            assert_eq!(Gate::new(tokens, writable).judge(given), expect, "{given:?}");
        }
    }
}
