//! Fuzz targets: each is a module with `run`, which takes any bytes and panics when a promise is broken, and `seeds`,
//! from which a corpus begins. `cargo xtask fuzz` runs them.

pub mod addresses;
pub mod answers;
pub mod archive;
pub mod artifact;
pub mod components;
pub mod condition;
pub mod directory;
pub mod git;
pub mod globs;
pub mod images;
pub mod names;
pub mod packages;
pub mod patches;
pub mod policies;
pub mod project;
pub mod recording;
pub mod records;
pub mod releases;
pub mod resource;
mod scratch;
pub mod variables;
pub mod yaml;
pub mod zips;

pub use libfuzzer_sys;

/// A folder that seeds are written to, instead of running.
const SEEDS: &str = "SPEC_FUZZ_SEEDS";

/// Makes the program of the target whose module has that name.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        $crate::libfuzzer_sys::fuzz_target!(init: $crate::start($crate::$name::seeds), |data: &[u8]| {
            $crate::$name::run(data)
        });
    };
}

/// Writes the seeds and ends the program, if that is asked for.
pub fn start(seeds: fn() -> Vec<Vec<u8>>) {
    let Some(folder) = std::env::var_os(SEEDS) else { return };
    for (number, seed) in seeds().into_iter().enumerate() {
        let file = std::path::Path::new(&folder).join(format!("seed-{number}"));
        std::fs::write(file, seed).expect("the folder of seeds takes files");
    }
    std::process::exit(0);
}

/// Cuts the input at the first NUL into a text and the rest; for targets that take more than one text.
fn texts<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let mut parts = data.splitn(N, |byte| *byte == 0).map(std::str::from_utf8);
    let mut texts = [""; N];
    for text in &mut texts {
        *text = parts.next().unwrap_or(Ok("")).ok()?;
    }
    Some(texts)
}

/// Texts as [`texts`] reads them.
fn joined(texts: &[&str]) -> Vec<u8> {
    texts.join("\0").into_bytes()
}
