//! Speculative actions in builds, with the released recc and trexe of the Debian base: the requests of one build are
//! recorded, and executed in the next one before they are made.
//!
//! Tests called `case_NUMBER_...` are the cases with real tools in `docs/speculation.md`.

mod budget;
mod case;
mod chains;
mod feedback;
mod generation;
mod misses;
mod modes;
mod priming_run;
mod pulled_records;
mod rebuilds;
mod recordings;
mod sets;
mod useless;
