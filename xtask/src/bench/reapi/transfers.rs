//! The base to casd and back: with casd's own clients, and with ours.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use super::super::measure::{Load, cpu_of_children, median};
use super::super::table::{Row, Target};
use super::inside::{SPEC_HOST, TREE};
use super::server::{Kind, Server};
use super::{BenchOptions, ReapiBench, prepare};
use crate::paths::Paths;
use crate::steps::step;

/// Upload, upload of the same, download.
type BaseTimes = [TransferTimes; 3];

/// One of the times.
type TransferPart = fn(&TransferTimes) -> Duration;

/// What a transfer takes.
#[derive(Clone, Copy)]
struct TransferTimes {
    wall: Duration,
    /// The processor time of the client.
    client: Duration,
    /// The processor time of casd.
    casd: Duration,
}

/// Measures the transfers and prints the table.
pub(in crate::bench) fn run(paths: &Paths, options: &BenchOptions) -> Result<()> {
    let prepared = prepare(paths, options, None)?;
    let mut bench = prepared.bench;
    let before = Load::now()?;
    step("transfers", || bench.transfers())?;
    let after = Load::now()?;
    println!("\n{}\nload average {before} before, {after} after", bench.table);
    step("remove the stores", || Ok(prepared.scratch.close()?))
}

impl ReapiBench {
    fn transfers(&mut self) -> Result<()> {
        let [mut ours, mut theirs] = [const { Vec::<BaseTimes>::new() }; 2];
        for round in 0..self.rounds {
            theirs.push(self.casd_clients(&format!("theirs-{round}"))?);
            ours.push(self.our_client_at_casd(&format!("ours-{round}"))?);
        }
        let rows = [
            ("upload of the base to casd, cold", "casupload", 1.0 / 2.0),
            ("upload of it again", "casupload", 1.0 / 3.0),
            ("download of it into the store", "casdownload", 1.0 / 3.0),
        ];
        for (at, (figure, peer, most)) in rows.into_iter().enumerate() {
            let [of_ours, of_theirs] =
                [&ours, &theirs].map(|rounds| rounds.iter().map(|times| times[at]).collect::<Vec<_>>());
            let of = |part: TransferPart| {
                [&of_ours, &of_theirs].map(|times| median(times.iter().map(part).collect()))
            };
            let [mine, other] = of(|times| times.wall);
            self.table.add(Row::beside(figure, mine, peer, other, Target::Ratio(most)));
            let parts: [(&str, TransferPart); 2] =
                [("the client", |times| times.client), ("casd", |times| times.casd)];
            for (whose, part) in parts {
                let [mine, other] = of(part);
                let figure = format!("{figure}: processor time of {whose}");
                self.table.add(Row::beside(&figure, mine, peer, other, Target::None));
            }
        }
        Ok(())
    }

    fn transfer(&self, server: &Server, argv: &[&str]) -> Result<TransferTimes> {
        let (children, before) = (cpu_of_children()?, server.cpu()?);
        let wall = self.time(argv)?;
        let client = cpu_of_children()?.saturating_sub(children);
        Ok(TransferTimes { wall, client, casd: server.cpu()?.saturating_sub(before) })
    }

    fn casd_clients(&self, name: &str) -> Result<BaseTimes> {
        let server = Server::start(Kind::Casd, &self.inside, name)?;
        let remote = format!("--remote={}", server.tcp);
        let upload = ["casupload", &remote, "--output-digest-file=/mnt/digest", TREE];
        let upload = || self.transfer(&server, &upload);
        let [cold, again] = [upload()?, upload()?];
        let digest = format!("--root-digest={}", self.digest()?);
        let there = format!("--destination-dir=/mnt/{name}/there");
        Ok([cold, again, self.transfer(&server, &["casdownload", &remote, &digest, &there])?])
    }

    fn our_client_at_casd(&self, name: &str) -> Result<BaseTimes> {
        let server = Server::start(Kind::Casd, &self.inside, name)?;
        let folder = self.inside.scratch.join(name);
        let cas = |client: &str, arguments: &[&str]| {
            let folders = format!("cachedir: /mnt/{name}/{client}\nlogdir: /mnt/{name}/{client}\n");
            fs::write(folder.join("client.conf"), folders).context("cannot write a configuration")?;
            let config = format!("/mnt/{name}/client.conf");
            let cas = [SPEC_HOST, "--config", &config, "cas"];
            self.transfer(&server, &[&cas, arguments, &["--remote", &server.tcp]].concat())
        };
        let [cold, again] = [cas("sender", &["push", TREE])?, cas("sender", &["push", TREE])?];
        Ok([cold, again, cas("receiver", &["pull", &self.digest()?])?])
    }

    /// The digest of the base, as casupload told it.
    fn digest(&self) -> Result<String> {
        Ok(fs::read_to_string(self.inside.scratch.join("digest"))?.trim().to_owned())
    }
}
