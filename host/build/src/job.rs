//! One build while it runs.

use std::sync::Arc;

use spec_execution::Root;
use spec_model::{Cancel, Digest};
use spec_project::Element;
use spec_strategy::{Plan, Step};

use crate::builder::Builder;
use crate::error::BuildError;
use crate::log::BuildLog;
use crate::request::BuildRequest;
use crate::socket::BuildSocket;
use crate::staged::StagedTrees;
use crate::warning::Warning;

/// Hears how a build goes.
pub trait BuildObserver {
    /// What the build is doing now, and how many of how many commands are done, once that is known.
    fn activity(&self, text: &str, commands: Option<(u64, u64)>);

    /// Something is probably wrong.
    fn warning(&self, warning: Warning);
}

/// One build while it runs: the root, the log and the environment that its commands get.
pub(crate) struct BuildJob<'a> {
    pub(crate) builder: &'a Builder,
    pub(crate) request: &'a BuildRequest<'a>,
    pub(crate) element: &'a Element,
    plan: Arc<Plan>,
    pub(crate) observer: &'a dyn BuildObserver,
    pub(crate) cancel: &'a Cancel,
    pub(crate) root: Root,
    pub(crate) staged: StagedTrees,
    pub(crate) log: Option<BuildLog>,
    pub(crate) environment: Vec<(String, String)>,
    /// Variables that hold digests of trees, by name.
    pub(crate) digest_environment: Vec<(String, String)>,
    /// Those trees, and the elements that they are made of, in the order of staging.
    pub(crate) digest_trees: Vec<(Digest, Vec<usize>)>,
    /// The root before its first command, if the plan asks what is new since then.
    pub(crate) before_commands: Option<Digest>,
    pub(crate) socket: BuildSocket,
    pub(crate) commands_done: u64,
    pub(crate) commands_total: u64,
}

impl<'a> BuildJob<'a> {
    pub(crate) fn new(
        builder: &'a Builder,
        request: &'a BuildRequest<'a>,
        observer: &'a dyn BuildObserver,
        cancel: &'a Cancel,
    ) -> Result<Self, BuildError> {
        let mut job = Self::without_digests(builder, request, observer, cancel)?;
        job.check_platform()?;
        job.add_digest_environment()?;
        job.check_commands()?;
        Ok(job)
    }

    /// A job that will not run the commands of the plan.
    pub(crate) fn without_digests(
        builder: &'a Builder,
        request: &'a BuildRequest<'a>,
        observer: &'a dyn BuildObserver,
        cancel: &'a Cancel,
    ) -> Result<Self, BuildError> {
        let element = request.element();
        let plan = Arc::new(element.configured.plan());
        let cas = builder.cas.clone().with_cancel(cancel);
        let cas = if element.workspace.is_some() { cas.with_times() } else { cas };
        Ok(Self {
            builder,
            request,
            element,
            observer,
            cancel,
            root: Root::new(cas)?,
            staged: StagedTrees::default(),
            log: None,
            environment: element.environment(),
            digest_environment: Vec::new(),
            digest_trees: Vec::new(),
            before_commands: None,
            socket: BuildSocket::default(),
            commands_done: 0,
            commands_total: count_commands(&plan),
            plan,
        })
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// Creates the log, and heads it with the environment if there will be commands.
    pub(crate) fn start_log(&mut self, activity: &str) -> Result<(), BuildError> {
        let key = self.request.keys_of(self.request.element).strong.brief(self.builder.options.key_length);
        let (folder, name) = (&self.builder.options.logs, self.element.name.normal());
        let mut log = BuildLog::create(folder, &self.element.project, &name, &format!("{key}-{activity}"))?;
        log.line(&format!("# {} {key}", self.element.name))?;
        let seen = if self.element.runs_commands() { self.environment.as_slice() } else { &[] };
        for (name, text) in seen {
            log.line(&format!("# {name}={text}"))?;
        }
        self.log = Some(log);
        Ok(())
    }

    pub(crate) fn report_activity(&self, text: &str) {
        report_activity(self.observer, text, Some((self.commands_done, self.commands_total)));
    }

    /// Says, once for each, which special files were passed by when the root was read back.
    pub(crate) fn warn_of_special(&mut self) -> Result<(), BuildError> {
        Warning::of_special(self.root.take_special()).map_or(Ok(()), |warning| self.warn(warning))
    }

    pub(crate) fn warn(&mut self, warning: Warning) -> Result<(), BuildError> {
        let warning = warning.check(self.request.project.config_of(self.element))?;
        if let Some(log) = &mut self.log {
            log.line(&format!("# warning: {}\n{}", warning.text, warning.detail))?;
        }
        self.observer.warning(warning);
        Ok(())
    }
}

/// Says what a build is doing, and how many of how many commands are done, if it has some.
pub(crate) fn report_activity(observer: &dyn BuildObserver, text: &str, commands: Option<(u64, u64)>) {
    observer.activity(text, commands.filter(|(_, total)| *total > 0));
}

fn count_commands(plan: &Plan) -> u64 {
    let commands = |step: &Step| match step {
        Step::Run(group) => group.commands.len() as u64,
        _ => 0,
    };
    plan.steps.iter().map(commands).sum()
}
