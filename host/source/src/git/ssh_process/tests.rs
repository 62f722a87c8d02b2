use std::os::unix::process::ExitStatusExt;

use super::*;

/// How a failure is classified, with what it says.
fn explained(code: Option<i32>, messages: &str) -> (&'static str, String) {
    let status = code.map(|code| ExitStatus::from_raw(code << 8));
    match explain(status, messages.as_bytes()) {
        ServerFailure::Git(GitError::Server { message }) => ("server", message),
        ServerFailure::Connection(Failure::Transient(why), _) => ("transient", why),
        ServerFailure::Connection(Failure::Final(why), _) => ("final", why),
        failure => panic!("{failure:?}"),
    }
}

#[test]
fn who_ended_the_connection_is_told() {
    for (code, said, kind, message) in [
        (
            Some(255),
            "me@h: Permission denied (publickey).\r\n",
            "final",
            "me@h: Permission denied (publickey).",
        ),
        (
            Some(255),
            "No ED25519 host key is known.\r\nHost key verification failed.\r\n",
            "final",
            "No ED25519 host key is known.; Host key verification failed.",
        ),
        (
            Some(255),
            "ssh: connect to host h port 22: Connection refused\r\n",
            "transient",
            "ssh: connect to host h port 22: Connection refused",
        ),
        (Some(255), "", "transient", "the connection ended"),
        (None, "", "transient", "the connection ended"),
        (Some(128), "fatal: '/a' is no\x1b[31m repository\n\n", "server", "fatal: '/a' is no[31m repository"),
        (Some(127), "sh: git-upload-pack: not found\n", "server", "sh: git-upload-pack: not found"),
        (Some(1), "", "server", "nothing; its command ends with status 1"),
    ] {
        assert_eq!(explained(code, said), (kind, message.to_owned()));
    }
}

#[test]
fn the_last_messages_are_kept() {
    let mut messages = Vec::new();
    for line in 0..2000 {
        let text = format!("line {line}\n");
        note(&mut messages, &mut None, text.as_bytes(), Ok(text.len()));
    }
    assert!(messages.len() <= MESSAGES);
    let shown = shown(&messages);
    assert!(shown.ends_with("line 1998; line 1999") && shown.chars().count() <= 500, "{shown}");
}

/// The arguments of a command, with the program first.
fn arguments(program: SshProgram, url: &str, remote: RemoteCommand) -> Vec<String> {
    let address = SshAddress::parse(url).expect("it is one").expect("it is right");
    let command = command(&address, remote, &SshOptions { program }, &HttpOptions::default());
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect()
}

#[test]
fn the_program_is_called_as_git_calls_it() {
    let options = ["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "SendEnv=GIT_PROTOCOL"];
    let named = || SshProgram::Named("ssh".to_owned());
    let called = arguments(named(), "ssh://git@h:2222/a b", RemoteCommand::UploadPack);
    let expect = [&["ssh"], &options[..], &["-p", "2222", "git@h", "git-upload-pack '/a b'"]].concat();
    assert_eq!(called, expect);
    let called = arguments(named(), "h:a", RemoteCommand::UploadPackWithVariable);
    let expect = [&["ssh"], &options[..], &["h", "env GIT_PROTOCOL=version=2 git-upload-pack 'a'"]].concat();
    assert_eq!(called, expect);
    let called = arguments(SshProgram::Shell("ssh -i 'k y'".to_owned()), "h:a", RemoteCommand::UploadPack);
    let shell = ["sh", "-c", "ssh -i 'k y' \"$@\"", "ssh -i 'k y'"];
    assert_eq!(called, [&shell[..], &options, &["h", "git-upload-pack 'a'"]].concat());
    let called = arguments(named(), "git@h:a", RemoteCommand::LfsLogin);
    assert_eq!(called.last().map(String::as_str), Some("git-lfs-authenticate 'a' download"));
}
