//! Prints what the store does in a second. `cargo run --release -p spec-cas --example cas_bench -- [ROOT] [DIR]`:
//! ROOT is an unpacked root file system to import (left alone), DIR where the stores go (default: a temporary folder).
//! On ext4 wait a minute between two runs: it is slow to give out numbers of files deleted within the last minute.
#![allow(clippy::print_stdout)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use spec_cas::{Cas, ImportMode, LayerCache, LayerForm, MergeInput, Result, TreeBuilder};
use spec_model::Digest;

const BLOBS: usize = 10_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let root = arguments.next().map(PathBuf::from);
    let folder = match arguments.next() {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    }
    .expect("a folder for the stores");
    let cas = Cas::open(folder.path().join("store"))?;
    blobs(&cas)?;
    stream(&cas)?;
    match root {
        Some(root) => trees(&folder.path().join("trees"), &root),
        None => Ok(()),
    }
}

/// Prints how long `job` took, and how much of the processors' time: the better figure on a busy machine.
fn timed<R>(what: &str, job: impl FnOnce() -> Result<R>) -> Result<(R, Duration)> {
    let (start, used) = (Instant::now(), processor_time());
    let result = job()?;
    let (took, used) = (start.elapsed(), processor_time() - used);
    println!("{what:<44} {:>10.3} ms {used:>10.3} ms of processor", took.as_secs_f64() * 1e3);
    Ok((result, took))
}

/// Milliseconds that all threads of this process have run.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn blobs(cas: &Cas) -> Result<()> {
    let contents: Vec<Vec<u8>> = (0..BLOBS as u64).map(|n| n.to_le_bytes().repeat(512)).collect();
    let slices: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    for round in ["cold", "again"] {
        let (_, took) = timed(&format!("put_many, 10,000 of 4 KB, {round}"), || cas.put_many(&slices))?;
        println!("{:>52.0} per second", BLOBS as f64 / took.as_secs_f64());
    }
    let here: Vec<Digest> = slices.iter().map(|bytes| Digest::of(bytes)).collect();
    let absent: Vec<Digest> = (0..BLOBS as u64).map(|n| Digest::of(&n.to_le_bytes())).collect();
    timed("missing, 10,000, all there", || cas.missing(&here))?;
    timed("missing, 10,000, none there", || cas.missing(&absent))?;
    Ok(())
}

fn stream(cas: &Cas) -> Result<()> {
    let mut block: Vec<u8> =
        (0..1_u32 << 18).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let (_, took) = timed("writer, 500 MB", || {
        let mut writer = cas.writer();
        for n in 0..500 {
            block[0] = n as u8;
            writer.write_all(&block[..1_000_000]).expect("room for 500 MB");
        }
        writer.finish()
    })?;
    println!("{:>52.0} MB per second", 500.0 / took.as_secs_f64());
    Ok(())
}

fn trees(folder: &Path, root: &Path) -> Result<()> {
    let cas = Cas::open(folder)?;
    let import = || cas.import_dir(root, ImportMode::Copy, |path| !path.starts_with("dev/"));
    let (base, _) = timed("import_dir of the root, cold", import)?;
    timed("import_dir of the root, again", import)?;
    timed("checkout by copies", || cas.checkout_into(&base, &folder.join("three")))?;
    for form in [LayerForm::Image, LayerForm::Marked, LayerForm::Copied] {
        let layers = LayerCache::new(cas.clone(), form);
        timed(&format!("layer, {form:?}, cold"), || layers.layer(&base).map(drop))?;
        timed(&format!("layer, {form:?}, again"), || layers.layer(&base).map(drop))?;
    }
    let layers = LayerCache::new(cas.clone(), LayerForm::Marked).in_folder("/dev/shm".into())?;
    timed("layer, Marked in memory, cold", || layers.layer(&base).map(drop))?;
    timed("layer, Marked in memory, again", || layers.layer(&base).map(drop))?;

    let mut builder = TreeBuilder::new();
    builder.add_file("usr/bin/hello", cas.put_bytes(b"hello")?, true)?;
    builder.add_file("usr/share/doc/hello/README", cas.put_bytes(b"read me")?, false)?;
    let small = builder.store(&cas)?;
    let layers = [MergeInput::whole(base), MergeInput::whole(small)];
    let fresh = Cas::open(folder)?;
    timed("complete, first", || fresh.is_complete(&base))?;
    timed("complete, again", || fresh.is_complete(&base))?;
    let fresh = Cas::open(folder)?;
    timed("merge of base and a small tree, cold", || fresh.merge(&layers))?;
    timed("merge of base and a small tree, again", || fresh.merge(&layers))?;
    let merged = fresh.merge(&layers)?.root;
    timed("diff of base and merged", || fresh.diff(&base, &merged))?;
    Ok(())
}
