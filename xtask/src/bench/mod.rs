//! stub
use crate::paths::Paths;
#[derive(clap::Args)]
pub(crate) struct Options {
    #[arg(long, default_value_t = 5)]
    runs: usize,
}
pub(crate) fn run(_: &Paths, _: &Options) -> anyhow::Result<()> {
    Ok(())
}
