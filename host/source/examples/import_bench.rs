//! Imports a tar into a fresh store, then again, and prints the seconds: `import_bench TAR [BASE_DIR]`.
#![allow(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::time::Instant;

use spec_cas::Cas;
use spec_model::{Cancel, Mapping, Node, Value};
use spec_source::{ElementSources, SourceContext, SourceSpec, Watch};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let tar = arguments.next().ok_or("usage: import_bench TAR [BASE_DIR]")?;
    let base_dir = arguments.next().unwrap_or_default();
    let folder = tempfile::tempdir()?;
    let cas = Cas::open(folder.path().join("cas"))?;
    let context = SourceContext::new("/", folder.path().join("sources"), cas, |_| None);
    let mut config = Mapping::new();
    config.set("url", Node::text(format!("file://{}", std::fs::canonicalize(tar)?.display())));
    config.set("base-dir", Node::text(base_dir));
    let spec = SourceSpec { kind: "tar".to_owned(), place: None, directory: None, config };
    let watch = Watch::quiet(Cancel::new());
    let mut sources = ElementSources::new("base.bst", &context, &[spec])?;

    let start = Instant::now();
    let tracked = sources.track(&watch)?;
    println!("track  {:7.3} s  {:?}", start.elapsed().as_secs_f64(), tracked.first().map(|(_, t)| &t.new));
    for what in ["import", "again"] {
        let start = Instant::now();
        let tree = sources.stage(&watch)?;
        println!("{what:6} {:7.3} s  {tree}", start.elapsed().as_secs_f64());
    }
    println!("key {}", sources.key()?.map(|key| key.to_string()).unwrap_or_default());
    println!("unique key {}", sources.unique_key()?.map_or(String::new(), |key: Value| key.canonical()));
    Ok(())
}
