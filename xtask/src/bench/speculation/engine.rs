//! What executes actions elsewhere: `spec-host serve` with a simulated cluster at the end of a wire, or BuildGrid.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use spec_testkit::Host;
use spec_testkit::engines::{BuildGrid, EngineRoot, ServeHost};

use super::cluster;

/// What goes over a wire at least when an engine executes anything: a part of the base.
const LEAST_BYTES: u64 = 100 << 20;

/// Which engine a measurement wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EngineKind {
    /// `spec-host serve` with a simulated cluster, behind a wire of this round trip.
    SimulatedCluster(Duration),
    /// BuildGrid with so many real workers on this machine.
    BuildGrid(usize),
}

/// A running engine, with a store and an action cache that nobody else uses.
pub(super) enum Engine {
    Served(Box<ServeHost>),
    BuildGrid(Box<BuildGrid>),
}

impl EngineKind {
    /// For people.
    pub(super) fn title(self) -> String {
        match self {
            EngineKind::SimulatedCluster(wire) => {
                format!("{} workers, round trip {} ms", cluster::WORKERS, wire.as_millis())
            }
            EngineKind::BuildGrid(workers) => format!("BuildGrid, {workers} workers"),
        }
    }

    /// Starts one, of this binary, or of the roots of BuildGrid and of the base.
    pub(super) fn start(self, host: &Path, roots: &[EngineRoot; 2]) -> Engine {
        match self {
            EngineKind::SimulatedCluster(wire) => {
                let host = Host::of(host);
                host.configure(&format!("scheduler:\n{}", cluster::setting()));
                Engine::Served(Box::new(ServeHost::start(host, &[], wire)))
            }
            EngineKind::BuildGrid(workers) => {
                let [grid, base] = roots.clone();
                Engine::BuildGrid(Box::new(BuildGrid::start_in(grid, base, workers)))
            }
        }
    }
}

impl Engine {
    /// Has the builds of a user configuration execute actions there and nowhere else.
    pub(super) fn configure(&self, config: &Path) -> Result<()> {
        let url = match self {
            Engine::Served(served) => served.url(),
            Engine::BuildGrid(grid) => grid.url(),
        };
        let services = ["execution-service", "storage-service", "action-cache-service"];
        let services = services.map(|service| format!("  {service}:\n    url: {url}\n")).concat();
        let text = fs::read_to_string(config)?;
        let text = format!("{text}remote-execution:\n{services}execution:\n  local-fallback: False\n");
        fs::write(config, text).context("cannot write the configuration")
    }

    /// Checks that it has executed anything: a client could have left it out.
    pub(super) fn check(&self) -> Result<()> {
        let has_executed = match self {
            Engine::Served(served) => served.wire().bytes() > LEAST_BYTES,
            Engine::BuildGrid(grid) => grid.has_executed(),
        };
        ensure!(has_executed, "no action was executed by the engine");
        Ok(())
    }
}
