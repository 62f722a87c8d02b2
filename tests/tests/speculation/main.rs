//! Speculative actions in builds, with the released recc and trexe of the Debian base: what one build asked for is
//! recorded, and answered in the next one before it is asked for.
//!
//! Tests called `case_NUMBER_...` are the cases of real input in `docs/speculation.md`.

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
mod sets;
mod useless;
