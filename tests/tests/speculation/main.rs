//! Speculative actions in builds, with the released recc and trexe of the Debian base: the requests of one build are
//! recorded, and executed in the next one before they are made.
//!
//! Tests called `case_NUMBER_...` are the cases with real tools in `docs/speculation.md`. They run here with the workers of this
//! machine, in `on_buildgrid` with those of a BuildGrid, and in `on_serve` with the elements themselves on a server, too.

mod budget;
mod case;
mod chains;
mod feedback;
mod generation;
mod hostile_policies;
mod misses;
mod modes;
mod on_buildgrid;
mod on_serve;
mod priming_run;
mod pulled_records;
mod real_kinds;
mod rebuilds;
mod recordings;
mod sets;
mod useless;
