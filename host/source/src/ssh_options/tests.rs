use super::*;

#[test]
fn the_program_is_that_of_git() {
    let named = |name: &str| SshProgram::Named(name.to_owned());
    for (command, program, expect) in [
        (None, None, named("ssh")),
        (None, Some("/opt/ssh"), named("/opt/ssh")),
        (Some("ssh -i key"), Some("/opt/ssh"), SshProgram::Shell("ssh -i key".to_owned())),
        (Some(" "), Some(""), named("ssh")),
    ] {
        let found = SshOptions::from_environment(|name| {
            let value = match name {
                "GIT_SSH_COMMAND" => command,
                "GIT_SSH" => program,
                _ => None,
            };
            value.map(str::to_owned)
        });
        assert_eq!(found, SshOptions { program: expect });
    }
}
