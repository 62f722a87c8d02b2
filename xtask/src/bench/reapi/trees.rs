//! Trees: the base to and from a server, with casd's clients and with ours. Downloads go to memory, so that the disk is
//! measured once, by the server.

use std::time::Duration;

use anyhow::Result;

use super::super::measure::{median, settle};
use super::super::table::{Row, Target};
use super::inside::{SPEC_HOST, TREE};
use super::server::{Kind, Server};
use super::{CASD, ReapiBench};

/// Upload, upload of the same, download.
type Times = [Duration; 3];

impl ReapiBench {
    pub(super) fn trees(&mut self) -> Result<()> {
        let [mut ours, mut theirs, mut own] = [const { Vec::<Times>::new() }; 3];
        for round in 0..self.rounds {
            ours.push(self.their_clients(Kind::Ours, &format!("trees-ours-{round}"))?);
            theirs.push(self.their_clients(Kind::Casd, &format!("trees-casd-{round}"))?);
            own.push(self.our_client(&format!("trees-own-{round}"))?);
        }
        let [ours, theirs, own] = [ours, theirs, own].map(|rounds| medians(&rounds));
        let names = ["casupload, cold", "casupload, again", "casdownload"];
        for (at, (name, most)) in names.into_iter().zip([1.0, 1.0, 0.7]).enumerate() {
            self.table.add(Row::beside(name, ours[at], CASD, theirs[at], Target::Ratio(most)));
        }
        let names = ["spec-host cas push, cold", "spec-host cas push, again", "spec-host cas pull"];
        let peers = ["casupload", "casupload", "casdownload"];
        for (at, (name, peer)) in names.into_iter().zip(peers).enumerate() {
            self.table.add(Row::beside(name, own[at], peer, theirs[at], Target::Ratio(1.0 / 3.0)));
        }
        Ok(())
    }

    fn their_clients(&self, kind: Kind, name: &str) -> Result<Times> {
        let server = Server::start(kind, &self.inside, name)?;
        let remote = format!("--remote={}", server.tcp);
        let upload = || self.time(&["casupload", &remote, "--output-digest-file=/mnt/digest", TREE]);
        let [cold, again] = [upload()?, upload()?];
        let digest = std::fs::read_to_string(self.inside.scratch.join("digest"))?;
        let digest = format!("--root-digest={}", digest.trim());
        let download = self.time(&["casdownload", &remote, &digest, "--destination-dir=/tmp/there"])?;
        Ok([cold, again, download])
    }

    fn our_client(&self, name: &str) -> Result<Times> {
        let server = Server::start(Kind::Ours, &self.inside, name)?;
        let config = format!("/mnt/{name}/client.conf");
        let folders = format!("cachedir: /mnt/{name}/client\nlogdir: /mnt/{name}/client\n");
        std::fs::write(self.inside.scratch.join(name).join("client.conf"), folders)?;
        let cas = |arguments: &[&str]| {
            let cas = [SPEC_HOST, "--config", &config, "cas"];
            self.time(&[&cas, arguments, &["--remote", &server.tcp]].concat())
        };
        let [cold, again] = [cas(&["push", TREE])?, cas(&["push", TREE])?];
        // casupload computed the digest of the same tree.
        let digest = std::fs::read_to_string(self.inside.scratch.join("digest"))?;
        Ok([cold, again, cas(&["pull", digest.trim(), "/tmp/there"])?])
    }

    /// How long a command takes in the base, without the making of the place that it runs in.
    pub(super) fn time(&self, argv: &[&str]) -> Result<Duration> {
        settle()?;
        Ok(median(self.inside.times("", 1, argv)?))
    }
}

fn medians(rounds: &[Times]) -> Times {
    std::array::from_fn(|at| median(rounds.iter().map(|times| times[at]).collect()))
}
