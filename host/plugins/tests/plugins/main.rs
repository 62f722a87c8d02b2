//! The plugin room from outside: default kinds, faults, and where components come from.

mod smoke;
mod support;
