//! Builds in one way, with its own cache, and measures the builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::super::measure::{cpu_of_children, settle};
use super::super::programs::{BuildProgram, Project};
use super::arm::Arm;
use super::cluster;
use super::engine::Engine;
use super::fidelity::{OtherPolicy, ReplayedBuild};
use super::sample::{Predicted, Sample};
use super::subject::Subject;
use crate::command::output;

/// Where actions are executed.
#[derive(Clone)]
pub(super) enum Place {
    /// On this machine.
    Here,
    /// In a simulated cluster.
    Cluster,
    /// By an engine elsewhere.
    Engine(Rc<Engine>),
}

#[derive(Clone)]
pub(super) struct Runner {
    pub(super) arm: Arm,
    place: Place,
    program: BuildProgram,
    /// The component of [`Arm::Prototype`].
    prototype: PathBuf,
    events: PathBuf,
}

impl Runner {
    pub(super) fn new(arm: Arm, place: Place, host: &Path, prototype: &Path, scratch: &Path) -> Runner {
        let folder = scratch.join(format!("{arm:?}"));
        let program = BuildProgram::spec_host(host, &folder);
        let (prototype, events) = (prototype.to_path_buf(), folder.with_extension("events"));
        Runner { arm, place, program, prototype, events }
    }

    /// Another way of building, in the same cache.
    pub(super) fn as_arm(&self, arm: Arm) -> Runner {
        Runner { arm, ..self.clone() }
    }

    /// Checks that actions were executed where they had to be.
    pub(super) fn check(&self) -> Result<()> {
        match &self.place {
            Place::Engine(engine) => engine.check(),
            Place::Here | Place::Cluster => Ok(()),
        }
    }

    /// Imports the base into a new cache.
    pub(super) fn import(&mut self, project: &Project) -> Result<()> {
        self.program.start_new_cache()?;
        self.arm.configure(&self.program.config(), &self.prototype)?;
        match &self.place {
            Place::Here => {}
            Place::Cluster => cluster::configure(&self.program.config())?,
            Place::Engine(engine) => engine.configure(&self.program.config())?,
        }
        self.program.build(project, "debian.bst")
    }

    /// Builds all of a subject that is not there.
    pub(super) fn build(&self, project: &Project, subject: &Subject) -> Result<Sample> {
        let mut build = self.command(project);
        build.arg("--json-events").arg(&self.events).arg("build").args(self.arm.options());
        build.args(subject.elements.last());
        settle()?;
        let (before, start) = (cpu_of_children()?, Instant::now());
        output(&mut build)?;
        let (wall, cpu) = (start.elapsed(), cpu_of_children()?.saturating_sub(before));
        let (asked, executed) = if self.arm.has_actions() { self.answers(project, subject)? } else { (0, 0) };
        Ok(Sample { wall, cpu, asked, executed, predicted: self.predicted()? })
    }

    /// Builds all of a subject that is not there with a recording, and replays it.
    pub(super) fn record_and_replay(&self, project: &Project, subject: &Subject) -> Result<ReplayedBuild> {
        let file = self.events.with_extension("recording");
        let mut build = self.command(project);
        build.args(["build", "--record"]).arg(&file).args(subject.elements.last());
        settle()?;
        output(&mut build)?;
        let replay = |policy: &str| {
            let mut replay = self.command(project);
            replay.args(["policy", "replay", "--json", "--priming-policy", policy]).arg(&file);
            output(&mut replay)
        };
        ReplayedBuild::of(&subject.title, &replay("recorded")?, &replay("none")?)
    }

    /// Predicts from the recording of the last build how long one with another policy takes; answers with what it printed.
    pub(super) fn predict(&self, project: &Project, policy: &OtherPolicy) -> Result<String> {
        let file = self.events.with_extension("recording");
        let mut replay = self.command(project);
        output(replay.args(["policy", "replay", "--json"]).args(policy.options()).arg(&file))
    }

    /// Builds all of a subject that is not there with another policy; answers with what the replay of the build printed.
    pub(super) fn build_with(
        &self,
        project: &Project,
        subject: &Subject,
        policy: &OtherPolicy,
    ) -> Result<String> {
        let file = self.events.with_extension("other-recording");
        let mut build = self.command(project);
        build.args(["build", "--record"]).arg(&file).args(policy.options()).args(subject.elements.last());
        settle()?;
        output(&mut build)?;
        output(self.command(project).args(["policy", "replay", "--json"]).arg(&file))
    }

    fn command(&self, project: &Project) -> Command {
        let mut command = self.program.command(project);
        command.args(["--option", "recc", if self.arm.has_actions() { "true" } else { "false" }]);
        command
    }

    /// How many actions the last build requested, and how many of them were executed on request.
    fn answers(&self, project: &Project, subject: &Subject) -> Result<(u64, u64)> {
        let mut command = self.command(project);
        let shown = output(command.args(["artifact", "subactions", "--json"]).args(&subject.elements))?;
        let shown: Value = serde_json::from_str(&shown).context("`artifact subactions` prints JSON")?;
        let artifacts = shown.as_array().into_iter().flatten();
        let actions: Vec<&Value> =
            artifacts.filter_map(|artifact| artifact["subactions"].as_array()).flatten().collect();
        let executed = actions.iter().filter(|action| action["answered"] == "executed").count();
        Ok((actions.len() as u64, executed as u64))
    }

    /// The figures of the last build's predictions; zero when it had nothing to predict.
    fn predicted(&self) -> Result<Predicted> {
        let mut predicted = Predicted::default();
        for line in fs::read_to_string(&self.events)?.lines() {
            let event: Value = serde_json::from_str(line).context("events are JSON")?;
            match event["reason"].as_str() {
                Some("speculative-actions") => predicted = Predicted::of(&event["figures"]),
                Some(reason) if reason.starts_with("plugin-") || reason.starts_with("policy-") => {
                    bail!("the policy was dropped: {line}");
                }
                _ => {}
            }
        }
        Ok(predicted)
    }
}
