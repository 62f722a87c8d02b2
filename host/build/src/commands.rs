//! Running the commands of a plan, and those that integrate dependencies.

use spec_execution::{CommandStreams, ExecutionError, RootCommand, WriteAccess};
use spec_sandbox::{SandboxError, Termination, check_arguments};
use spec_strategy::{Command, CommandGroup, Step};

use crate::error::BuildError;
use crate::error::CommandFailure;
use crate::job::BuildJob;
use crate::socket::{action_rights, build_ids};

impl BuildJob<'_> {
    pub(crate) fn run_group(&mut self, group: &CommandGroup) -> Result<(), BuildError> {
        for command in &group.commands {
            self.report_activity(&brief(&command.label));
            let marked = self.plan().marked_directories.clone();
            let access = if group.read_only_root {
                WriteAccess::Only(marked)
            } else {
                WriteAccess::Everything(marked)
            };
            let environment = self.environment.clone();
            let cwd = self.working_directory();
            self.run(&group.label, command, environment, cwd, access)?;
            self.commands_done += 1;
        }
        Ok(())
    }

    /// Runs the integration commands of these elements, in their own environments.
    pub(crate) fn integrate(&mut self, elements: &[usize]) -> Result<(), BuildError> {
        for &index in elements {
            let element = &self.request.project.elements[index];
            for text in spec_artifact::integration_commands(&element.public)? {
                self.report_activity(&format!("integrating {}", element.name));
                let argv = ["sh", "-e", "-c", &text].map(str::to_owned).to_vec();
                let command = Command { label: text, argv };
                let label = format!("integration-commands of {}", element.name);
                self.run(
                    &label,
                    &command,
                    element.environment.clone(),
                    "/".into(),
                    WriteAccess::Everything(vec![]),
                )?;
            }
        }
        Ok(())
    }

    /// Refuses commands of the plan that could not be started, before anything is staged for them.
    pub(crate) fn check_commands(&self) -> Result<(), BuildError> {
        for step in &self.plan().steps {
            let Step::Run(group) = step else { continue };
            for command in &group.commands {
                check_length(&group.label, command, &self.environment)?;
            }
        }
        Ok(())
    }

    pub(crate) fn working_directory(&self) -> String {
        self.plan().working_directory.clone().unwrap_or_else(|| "/".to_owned())
    }

    fn run(
        &mut self,
        group: &str,
        command: &Command,
        environment: Vec<(String, String)>,
        cwd: String,
        access: WriteAccess,
    ) -> Result<(), BuildError> {
        if self.cancel.is_cancelled() {
            return Err(BuildError::Cancelled);
        }
        check_length(group, command, &environment)?;
        if self.log.is_none() {
            // A build has its log by now: this is for a shell or a checkout.
            self.start_log("integration")?;
        }
        let Some(log) = &mut self.log else { return Ok(()) };
        log.line(&format!("\n# {group}: {}", command.label.trim_end()))?;
        let output_start = log.length()?;
        let streams = CommandStreams::Log(log.handle()?);
        let spec = self.run_spec(command.argv.clone(), environment, cwd, access, false)?;
        let spec = RootCommand { streams, ..spec };
        let ran = self.root.run(spec, self.cancel).map_err(missing_command)?;
        let Some((exit_code, signal)) = failed(ran.termination) else { return Ok(()) };
        let log = self.log.as_ref().map(|log| log.path().to_owned()).unwrap_or_default();
        Err(BuildError::Command(Box::new(CommandFailure {
            group: group.to_owned(),
            command: command.label.trim_end().to_owned(),
            exit_code,
            signal,
            log,
            output_start,
            has_buildtree: false,
        })))
    }

    /// A command with the user numbers and the socket of the element, on the terminal, with the host's network or without.
    pub(crate) fn run_spec(
        &mut self,
        argv: Vec<String>,
        environment: Vec<(String, String)>,
        cwd: String,
        access: WriteAccess,
        network: bool,
    ) -> Result<RootCommand, BuildError> {
        let (uid, gid) = build_ids(self.element);
        Ok(RootCommand {
            argv,
            environment,
            cwd,
            uid,
            gid,
            access,
            streams: CommandStreams::Terminal,
            network,
            sockets: self.socket.open(self.builder, self.request, action_rights(self.element, network))?,
            timeout: None,
            user_namespaces: self.builder.options.user_namespaces.contains(&self.element.project),
        })
    }
}

fn check_length(group: &str, command: &Command, environment: &[(String, String)]) -> Result<(), BuildError> {
    check_arguments(&command.argv, environment, None).map_err(|error| BuildError::CommandTooLong {
        group: group.to_owned(),
        command: beginning(&brief(&command.label)),
        error,
    })
}

/// As much of a command as a message can have.
fn beginning(command: &str) -> String {
    const MOST: usize = 60;
    match command.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &command[..end]),
        None => command.to_owned(),
    }
}

/// Exit code and signal of a command that did not end well.
fn failed(termination: Termination) -> Option<(Option<i32>, Option<i32>)> {
    match termination {
        Termination::Exited(0) => None,
        Termination::Exited(code) => Some((Some(code), None)),
        Termination::Signaled(signal) => Some((None, Some(signal))),
        Termination::TimedOut | Termination::Cancelled => Some((None, None)),
    }
}

fn missing_command(error: ExecutionError) -> BuildError {
    match error {
        ExecutionError::Sandbox(SandboxError::CommandNotFound { program, .. }) => {
            BuildError::MissingCommand { command: program }
        }
        other => other.into(),
    }
}

/// The first line of a command, for a status line.
fn brief(label: &str) -> String {
    label.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_one_line() {
        assert_eq!(brief("\n  make -j2 \\\n  all"), "make -j2 \\");
        assert_eq!(brief(""), "");
    }

    #[test]
    fn a_long_command_names_its_element_setting_and_length() {
        let long = "a".repeat(140_000);
        let command = Command { label: format!("true {long}"), argv: vec!["sh".to_owned(), long.clone()] };
        let error = check_length("build-commands", &command, &[]).expect_err("it is too long");
        assert_eq!(spec_model::UserError::reason(&error), "command-too-long");
        let message = error.to_string();
        assert!(
            message.len() < 400 && message.starts_with("build-commands: the command 'true aaa"),
            "{message}"
        );
        assert!(message.contains("140001") && message.contains("131072"), "{message}");
        let short = Command { label: "true".to_owned(), argv: vec!["true".to_owned()] };
        let error = check_length("build-commands", &short, &[("FLAGS".to_owned(), long)]);
        let message = error.expect_err("it is too long").to_string();
        assert!(message.contains("environment variable FLAGS is 140007 bytes"), "{message}");
        assert!(check_length("build-commands", &short, &[]).is_ok());
    }
}
