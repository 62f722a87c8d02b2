//! Shared caches of artifacts and sources, with `spec-host serve`, BuildStream and `buildbox-casd` at the other ends.

mod casd;
mod exchange;
mod failures;
mod fixture;
mod refusals;
mod sources;
mod team;
