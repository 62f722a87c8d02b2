//! The page of the command line: what `--help` of every command says.

use std::path::Path;
use std::process::Command;

const BEGINNING: &str = "# The command line

<!-- Written by `cargo xtask book`: change the texts in host/src/cli. -->

What `spec-host COMMAND --help` says. [Commands and configuration](../commands.md) has what these texts leave out: exit codes,
errors, and the configuration file.
";

/// The heading of the options that every command has.
const GLOBAL: &str = "Global options:";

pub(super) fn page(binary: &Path) -> String {
    let mut page = BEGINNING.to_owned();
    let help = help(binary, &[]);
    add(&mut page, "spec-host", &without_global_options(&help));
    add(&mut page, "Global options", &global_options(&help));
    add_commands(&mut page, binary, &[], &help);
    page
}

fn add(page: &mut String, title: &str, text: &str) {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    *page += &format!("\n## {title}\n\n```text\n{}\n```\n", lines.join("\n").trim());
}

/// Adds the commands below a command, whose help this is, with theirs.
fn add_commands(page: &mut String, binary: &Path, above: &[&str], help: &str) {
    for command in commands(help) {
        let line = [above, &[command]].concat();
        let help = self::help(binary, &line);
        add(page, &format!("spec-host {}", line.join(" ")), &without_global_options(&help));
        add_commands(page, binary, &line, &help);
    }
}

fn help(binary: &Path, command: &[&str]) -> String {
    let mut asked = Command::new(binary);
    // The width of a terminal would be that of the texts.
    asked.args(command).arg("--help").env_remove("COLUMNS").stdin(std::process::Stdio::null());
    let output = asked.output().unwrap_or_else(|error| panic!("{asked:?}: {error}"));
    assert!(output.status.success(), "{asked:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("help is text")
}

/// The names of the commands that a help text lists.
fn commands(help: &str) -> Vec<&str> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| line.starts_with(' '));
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| line.split(' ').next()).filter(|name| *name != "help").collect()
}

fn without_global_options(help: &str) -> String {
    help.replace(&global_options(help), "").replace("\n\n\n", "\n\n")
}

/// The section of the global options; empty if there is none.
fn global_options(help: &str) -> String {
    let section = help.lines().skip_while(|line| *line != GLOBAL);
    let mut is_first = true;
    let in_section = |line: &&str| std::mem::take(&mut is_first) || line.is_empty() || line.starts_with(' ');
    let lines: Vec<&str> = section.take_while(in_section).collect();
    lines.join("\n").trim_end().to_owned()
}
