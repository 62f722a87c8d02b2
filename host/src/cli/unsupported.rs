//! Commands of BuildStream that there are not, so that whoever types them is told what to do instead.

use std::ffi::OsString;

use clap::Args;

/// What was typed after such a command.
#[derive(Args, Debug)]
pub(crate) struct Unsupported {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _rest: Vec<OsString>,
}
