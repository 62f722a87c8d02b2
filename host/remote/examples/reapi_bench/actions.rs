//! Figures of execution.

use spec_proto::Message;
use spec_proto::reapi::command::EnvironmentVariable;
use spec_proto::reapi::platform::Property;
use spec_proto::reapi::{self, Action, Command, Directory, FileNode, Platform};
use tokio::task::JoinSet;

use crate::client::{Client, digest};
use crate::{Outcome, timed};

pub(crate) const NOTHING: &[&str] = &["/bin/true"];
pub(crate) const COMPILE: &[&str] = &["gcc", "-c", "small.c", "-o", "small.o"];
const SOURCE: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n";

/// Fresh actions, one after the other, then the same again, which the action cache answers.
pub(crate) async fn sequential(
    client: &Client,
    seed: u64,
    chroot: &str,
    argv: &[&str],
    count: usize,
) -> Outcome<Vec<f64>> {
    // The first one has the chroot laid out.
    let warm = actions(client, seed, "warm", chroot, argv, 1).await?;
    client.execute(&warm[0]).await?;
    let actions = actions(client, seed, "sequential", chroot, argv, count).await?;
    let mut times = vec![];
    for action in actions.iter().chain(&actions) {
        times.push(timed(client.execute(action)).await?);
    }
    Ok(times)
}

/// Fresh actions, four at a time: the time for all of them.
pub(crate) async fn by_four(client: &Client, seed: u64, chroot: &str, count: usize) -> Outcome<Vec<f64>> {
    let warm = actions(client, seed, "warm", chroot, NOTHING, 1).await?;
    client.execute(&warm[0]).await?;
    let actions = actions(client, seed, "four", chroot, NOTHING, count).await?;
    let run = async {
        let mut running = JoinSet::new();
        for action in actions {
            if running.len() == 4 {
                running.join_next().await.expect("four run")??;
            }
            let client = client.clone();
            running.spawn(async move { client.execute(&action).await });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(())
    };
    Ok(vec![timed(run).await?])
}

/// Stores actions that do the same and are different.
#[expect(deprecated, reason = "older servers look for the platform in the command")]
async fn actions(
    client: &Client,
    seed: u64,
    tag: &str,
    chroot: &str,
    argv: &[&str],
    count: usize,
) -> Outcome<Vec<reapi::Digest>> {
    let source = FileNode {
        name: "small.c".to_owned(),
        digest: Some(digest(SOURCE.as_bytes())),
        ..Default::default()
    };
    let root = Directory { files: vec![source], ..Default::default() }.encode_to_vec();
    let property = |(name, value): (&str, &str)| Property { name: name.to_owned(), value: value.to_owned() };
    let properties =
        [("ISA", "x86-64"), ("OSFamily", "linux"), (spec_model::Platform::CHROOT_ROOT_DIGEST, chroot)];
    let platform = Some(Platform { properties: properties.map(property).to_vec() });
    let mut blobs = vec![root.clone(), SOURCE.as_bytes().to_vec()];
    let mut digests = vec![];
    for number in 0..count {
        let variable = |(name, value): (&str, String)| EnvironmentVariable { name: name.to_owned(), value };
        let run = ("BENCH", format!("{seed}-{tag}-{number}"));
        let command = Command {
            arguments: argv.iter().map(|&argument| argument.to_owned()).collect(),
            environment_variables: [run, ("PATH", "/usr/bin:/bin".to_owned())].map(variable).to_vec(),
            output_paths: vec!["small.o".to_owned()],
            platform: platform.clone(),
            ..Default::default()
        };
        let command = command.encode_to_vec();
        let action = Action {
            command_digest: Some(digest(&command)),
            input_root_digest: Some(digest(&root)),
            platform: platform.clone(),
            ..Default::default()
        };
        let action = action.encode_to_vec();
        digests.push(digest(&action));
        blobs.extend([command, action]);
    }
    client.put(&blobs).await?;
    Ok(digests)
}
