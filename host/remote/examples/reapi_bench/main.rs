//! A program that measures one figure of any server of the Remote Execution API and prints times in seconds, one a line.
//! It is an example and no benchmark of cargo, because `cargo xtask bench reapi` runs it against other servers too.
//!
//! `reapi_bench URL FIGURE SEED [CHROOT]`: what is sent depends on the seed alone, so that another seed is cold. Only
//! requests are timed; what they send is made before.

#![allow(clippy::print_stdout, reason = "a program for another program")]

mod actions;
mod blobs;
mod client;

use std::error::Error;
use std::time::Instant;

use client::Client;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, figure, seed, rest @ ..] = &arguments[..] else {
        return Err("URL FIGURE SEED [CHROOT]".into());
    };
    let (seed, chroot) = (seed.parse()?, rest.first().map(String::as_str).unwrap_or_default());
    let client = Client::connect(url).await?;
    let times = match figure.as_str() {
        "find-missing" => blobs::find_missing(&client, seed).await?,
        "batch" => blobs::batch(&client, seed).await?,
        "write" => blobs::write(&client, seed).await?,
        "true" => actions::sequential(&client, seed, chroot, actions::NOTHING, 20).await?,
        "gcc" => actions::sequential(&client, seed, chroot, actions::COMPILE, 20).await?,
        "true-by-four" => actions::by_four(&client, seed, chroot, 200).await?,
        other => return Err(format!("there is no figure {other}").into()),
    };
    times.iter().for_each(|time| println!("{time}"));
    Ok(())
}

/// Seconds that something takes.
async fn timed<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<f64> {
    let start = Instant::now();
    work.await?;
    Ok(start.elapsed().as_secs_f64())
}
