//! Tests of the crate's public interface: the default kinds, their keys, broken plugins, and where components come
//! from.

mod answers;
mod cache;
mod conformance;
mod default_kinds;
mod faults;
mod keys;
mod languages;
mod origins;
mod policies;
mod support;
mod version_0_1;
