//! The functions that element kinds of version 0.2 import: they make the plan, and ask about dependencies.

use spec_model::DomainSelection;
use spec_strategy as host;
use spec_strategy::{BuildRefusal, CommandGroup, DigestEnvironment, StagedElementFacts, Step};

use crate::bindings::v0_2::imports::spec::plugin::{dependencies, plan};
use crate::dependency_questions::{DependencyAnswer, DependencyQuestion, NumberedElement};
use crate::instance_state::{InstanceState, PART_SIZE};
use crate::plan_builder::PlanBuilder;
use crate::public_data;

impl InstanceState {
    /// Pays for a change of the plan by so many bytes, and makes it.
    fn change_plan(
        &mut self,
        size: usize,
        change: impl FnOnce(&mut PlanBuilder, usize),
    ) -> wasmtime::Result<()> {
        self.pay_host_call(size)?;
        change(&mut self.plan, size);
        Ok(())
    }

    /// Asks about dependencies; the size of the answer counts.
    fn ask_dependencies(&mut self, question: DependencyQuestion) -> wasmtime::Result<DependencyAnswer> {
        let answer = self.ask(|facts| facts.dependencies.ask(question))?;
        self.pay_host_call(answer.size())?;
        Ok(answer)
    }
}

impl plan::Host for InstanceState {
    fn set_working_directory(&mut self, path: String) -> wasmtime::Result<()> {
        self.change_plan(path.len(), |plan, size| plan.add(size, |plan| plan.working_directory = Some(path)))
    }

    fn mark_directory(&mut self, path: String) -> wasmtime::Result<()> {
        self.change_plan(path.len(), |plan, size| plan.add(size, |plan| plan.marked_directories.push(path)))
    }

    fn set_digest_environment(&mut self, variable: String, dependencies: Vec<u32>) -> wasmtime::Result<()> {
        self.change_plan(variable.len() + 4 * dependencies.len(), |plan, size| {
            let named = DigestEnvironment { variable, dependencies };
            plan.add(size, |plan| plan.digest_environment.push(named));
        })
    }

    fn stage_dependencies(&mut self, location: String, dependencies: Vec<u32>) -> wasmtime::Result<()> {
        let size = location.len() + 4 * dependencies.len();
        self.change_plan(size, |plan, size| {
            plan.add_step(size, Step::StageDependencies { location, dependencies })
        })
    }

    fn integrate(&mut self, dependencies: Vec<u32>) -> wasmtime::Result<()> {
        self.change_plan(4 * dependencies.len(), |plan, size| {
            plan.add_step(size, Step::Integrate { dependencies })
        })
    }

    fn stage_sources(&mut self, path: String) -> wasmtime::Result<()> {
        self.change_plan(path.len(), |plan, size| plan.add_step(size, Step::StageSources { path }))
    }

    fn make_directory(&mut self, path: String) -> wasmtime::Result<()> {
        self.change_plan(path.len(), |plan, size| plan.add_step(size, Step::MakeDirectory { path }))
    }

    fn copy_tree(&mut self, source: String, target: String) -> wasmtime::Result<()> {
        self.change_plan(source.len() + target.len(), |plan, size| {
            plan.add_step(size, Step::CopyTree { from: source, to: target })
        })
    }

    fn run(&mut self, group: plan::CommandGroup) -> wasmtime::Result<()> {
        let plan::CommandGroup { label, read_only_root, commands } = group;
        let command = |plan::Command { label, argv }| host::Command { label, argv };
        let commands: Vec<host::Command> = commands.into_iter().map(command).collect();
        let texts = commands.iter().flat_map(|command| command.argv.iter().chain([&command.label]));
        let size = label.len() + texts.map(|text| PART_SIZE + text.len()).sum::<usize>();
        self.change_plan(size, |plan, size| {
            plan.add_step(size, Step::Run(CommandGroup { label, read_only_root, commands }))
        })
    }

    fn collect(&mut self, path: String) -> wasmtime::Result<()> {
        self.change_plan(path.len(), |plan, _| plan.collect(path))
    }

    fn stage_files(
        &mut self,
        location: String,
        dependencies: Vec<u32>,
        domains: plan::DomainSelection,
        runtime: bool,
    ) -> wasmtime::Result<()> {
        let size = location.len() + 4 * dependencies.len() + size_of_domains(&domains);
        let domains = selection(domains);
        self.change_plan(size, |plan, size| {
            plan.add_step(size, Step::StageFiles { location, dependencies, domains, runtime })
        })
    }

    fn stage_elements(&mut self, location: String, elements: Vec<String>) -> wasmtime::Result<()> {
        let size = location.len() + elements.iter().map(|name| PART_SIZE + name.len()).sum::<usize>();
        self.change_plan(size, |plan, size| plan.add_step(size, Step::StageElements { location, elements }))
    }

    fn copy_files(
        &mut self,
        target: String,
        dependencies: Vec<u32>,
        domains: plan::DomainSelection,
    ) -> wasmtime::Result<()> {
        let size = target.len() + 4 * dependencies.len() + size_of_domains(&domains);
        let domains = selection(domains);
        self.change_plan(size, |plan, size| {
            plan.add_step(size, Step::CopyFiles { to: target, dependencies, domains })
        })
    }

    fn copy_tree_if_present(&mut self, source: String, target: String) -> wasmtime::Result<()> {
        self.change_plan(source.len() + target.len(), |plan, size| {
            plan.add_step(size, Step::CopyTreeIfPresent { from: source, to: target })
        })
    }

    fn write_file(&mut self, path: String, content: String, executable: bool) -> wasmtime::Result<()> {
        self.change_plan(path.len() + content.len(), |plan, size| {
            plan.add_step(size, Step::WriteFile { path, content, executable })
        })
    }

    fn set_public_data(&mut self, domain: String, data: dependencies::PublicData) -> wasmtime::Result<()> {
        let size = domain.len() + public_data::size(&data);
        self.change_plan(size, |plan, size| match public_data::tree(data) {
            Ok(data) => plan.add(size, |plan| plan.public_data.push((domain, data))),
            Err(fault) => plan.refuse(fault),
        })
    }

    fn run_no_commands(&mut self) -> wasmtime::Result<()> {
        self.change_plan(0, |plan, size| plan.add(size, |plan| plan.no_commands = true))
    }

    fn refuse_build(
        &mut self,
        reason: String,
        message: String,
        hint: Option<String>,
        node: Option<u32>,
    ) -> wasmtime::Result<()> {
        let size = reason.len() + message.len() + hint.as_ref().map_or(0, String::len);
        let refusal = BuildRefusal { reason, message, hint, node, position: None };
        self.change_plan(size, |plan, size| {
            plan.add(size, |plan| _ = plan.refusal.get_or_insert(refusal));
        })
    }
}

fn selection(domains: plan::DomainSelection) -> DomainSelection {
    let plan::DomainSelection { include, exclude, orphans } = domains;
    DomainSelection { include, exclude, orphans }
}

fn size_of_domains(domains: &plan::DomainSelection) -> usize {
    domains.include.iter().chain(&domains.exclude).map(|domain| PART_SIZE + domain.len()).sum()
}

impl dependencies::Host for InstanceState {
    fn staged(&mut self, dependencies: Vec<u32>) -> wasmtime::Result<Vec<dependencies::StagedElement>> {
        let DependencyAnswer::Elements(mut lists) =
            self.ask_dependencies(DependencyQuestion::Staged(dependencies))?
        else {
            return Ok(Vec::new());
        };
        Ok(lists.pop().unwrap_or_default().into_iter().map(staged_element).collect())
    }

    fn runtime_dependencies(
        &mut self,
        elements: Vec<u32>,
    ) -> wasmtime::Result<Vec<Vec<dependencies::StagedElement>>> {
        match self.ask_dependencies(DependencyQuestion::Runtime(elements))? {
            DependencyAnswer::Elements(lists) => {
                Ok(lists.into_iter().map(|list| list.into_iter().map(staged_element).collect()).collect())
            }
            DependencyAnswer::Data(_) => Ok(Vec::new()),
        }
    }

    fn public_data_of(
        &mut self,
        domain: String,
        elements: Vec<u32>,
    ) -> wasmtime::Result<Vec<Option<dependencies::PublicData>>> {
        match self.ask_dependencies(DependencyQuestion::Public(domain, elements))? {
            DependencyAnswer::Data(data) => {
                Ok(data.iter().map(|data| data.as_ref().map(public_data::flat)).collect())
            }
            DependencyAnswer::Elements(_) => Ok(Vec::new()),
        }
    }

    fn own_public_data(&mut self, domain: String) -> wasmtime::Result<Option<dependencies::PublicData>> {
        match self.ask_dependencies(DependencyQuestion::Own(domain))? {
            DependencyAnswer::Data(data) => Ok(data.first().and_then(Option::as_ref).map(public_data::flat)),
            DependencyAnswer::Elements(_) => Ok(None),
        }
    }
}

fn staged_element(element: NumberedElement) -> dependencies::StagedElement {
    let NumberedElement { number, facts } = element;
    let StagedElementFacts { full_name, name, project, kind, has_artifact } = facts;
    dependencies::StagedElement { number, full_name, name, project, kind, has_artifact }
}
