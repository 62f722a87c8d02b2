use super::*;

fn address(
    user: Option<&str>,
    host: &str,
    port: Option<u16>,
    path: &str,
) -> Option<Result<SshAddress, String>> {
    let (user, host, path) = (user.map(str::to_owned), host.to_owned(), path.to_owned());
    Some(Ok(SshAddress { user, host, port, path }))
}

#[test]
fn addresses_are_read_as_git_reads_them() {
    let git = Some("git");
    for (url, expect) in [
        ("ssh://git@h/a/b.git", address(git, "h", None, "/a/b.git")),
        ("SSH://h:22/a", address(None, "h", Some(22), "/a")),
        ("ssh://h:/a", address(None, "h", None, "/a")),
        ("git+ssh://git@h/a", address(git, "h", None, "/a")),
        ("ssh+git://git@h/a", address(git, "h", None, "/a")),
        ("ssh://git@[::1]:2222/a", address(git, "::1", Some(2222), "/a")),
        ("ssh://[fe80::1%25eth0]/a", address(None, "fe80::1%eth0", None, "/a")),
        ("ssh://git@h/~me/a", address(git, "h", None, "~me/a")),
        ("ssh://me%40corp@h/a%20b", address(Some("me@corp"), "h", None, "/a b")),
        ("git@h:a/b.git", address(git, "h", None, "a/b.git")),
        ("git@h:/a", address(git, "h", None, "/a")),
        ("git@h:/~me/a", address(git, "h", None, "~me/a")),
        ("git@h:~/a", address(git, "h", None, "~/a")),
        ("h:a", address(None, "h", None, "a")),
        ("git@h:a%20b", address(git, "h", None, "a%20b")),
        ("git@h:a:b", address(git, "h", None, "a:b")),
        ("git@[::1]:a", address(git, "::1", None, "a")),
        ("[git@h:2222]:a", address(git, "h", Some(2222), "a")),
        ("git@[h:2222]:a", address(git, "h", Some(2222), "a")),
        ("https://h/a:b", None),
        ("http://h:80/a", None),
        ("git://h/a", None),
        ("/a:b", None),
        ("./a:b", None),
        ("a/b:c", None),
        (":a", None),
        ("a", None),
    ] {
        assert_eq!(SshAddress::parse(url), expect, "{url}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for (url, part) in [
        ("ssh://h", "no path"),
        ("ssh://h/", "no path"),
        ("ssh:///a", "no host"),
        ("ssh://@h/a", "no name of a user"),
        ("git@h:", "no path"),
        ("git@:a", "no host"),
        ("ssh://-oProxyCommand=x/a", "no name of a host"),
        ("ssh://%2DoProxyCommand=x/a", "no name of a host"),
        ("ssh://git@-x/a", "no name of a host"),
        ("ssh://-oProxyCommand=x@h/a", "no name of a user"),
        ("-oProxyCommand=x@h:a", "no name of a user"),
        ("-oProxyCommand=x:a", "no name of a host"),
        ("git@h:-x", "begins with '-'"),
        ("git@h:--upload-pack=x", "begins with '-'"),
        ("ssh://git@h/a%0Ab", "control character"),
        ("ssh://h%0Ax/a", "no name of a host"),
        ("ssh://$(x)/a", "no name of a host"),
        ("ssh://`x`/a", "no name of a host"),
        ("ssh://a;b@h/a", "no name of a user"),
        ("git@h x:a", "no name of a host"),
        ("ssh://git:secret@h/a", "no password"),
        ("ssh://h:0/a", "no port"),
        ("ssh://h:99999/a", "no port"),
        ("ssh://h:+22/a", "no port"),
        ("ssh://h:ssh/a", "no port"),
        ("ssh://h/%FF", "not UTF-8"),
    ] {
        let error = SshAddress::parse(url).expect("it is one of ssh").expect_err(url);
        assert!(error.contains(part), "{url}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn paths_are_quoted_for_the_shell_of_the_server() {
    for (path, expect) in [
        ("a", "'a'"),
        ("a b", "'a b'"),
        ("a'b", r"'a'\''b'"),
        ("a!b", r"'a'\!'b'"),
        ("$(x)`y`\"\\", "'$(x)`y`\"\\'"),
    ] {
        let address = SshAddress::parse(&format!("git@h:{path}")).expect("it is one").expect("it is right");
        assert_eq!(address.quoted_path(), expect);
        let printed = std::process::Command::new("sh")
            .args(["-c", &format!("printf %s {}", address.quoted_path())])
            .output()
            .expect("there is a shell");
        assert_eq!(String::from_utf8_lossy(&printed.stdout), path);
    }
}

proptest::proptest! {
    /// Whatever a URL is, what is passed to ssh is one argument that is no option, and means nothing to a shell.
    #[test]
    fn no_address_is_an_option_or_a_command(url in "(ssh://|git\\+ssh://|)[a-c@:/%0-9A-F$`'\"; \\n~!\\[\\]-]{0,30}") {
        if let Some(Ok(address)) = SshAddress::parse(&url) {
            let destination = address.destination();
            let harmless = |c: char| c.is_ascii_alphanumeric() || USER.contains(c) || HOST.contains(c);
            proptest::prop_assert!(!destination.starts_with('-') && destination.chars().all(harmless), "{destination}");
            proptest::prop_assert!(!address.host.starts_with('-') && !address.path.starts_with('-'));
            proptest::prop_assert!(!address.path.is_empty() && !address.path.contains(char::is_control));
        }
    }
}
