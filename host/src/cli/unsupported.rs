//! Commands of BuildStream that are not supported. They are parsed so that their error says what to do instead.

use std::ffi::OsString;

use clap::Args;

/// The arguments of such a command.
#[derive(Args, Debug)]
pub(crate) struct Unsupported {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _rest: Vec<OsString>,
}
