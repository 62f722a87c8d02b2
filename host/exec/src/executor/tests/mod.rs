//! Actions in real sandboxes, over a root that holds a shell.

mod crash;
mod fixture;
mod hostile;
mod outputs;
mod pool;
mod streams;
mod subtrees;
