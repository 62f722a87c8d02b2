//! Actions in real sandboxes, over a root that holds a shell.

mod crash;
mod fixture;
mod full;
mod hostile;
mod layers;
mod limits;
mod outputs;
mod pool;
mod primed;
mod rights;
mod streams;
mod subtrees;
