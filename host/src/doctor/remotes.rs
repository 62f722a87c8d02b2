//! Tries each server that is configured here: whether it can be reached and used, and for what.

use std::time::Duration;

use spec_cas::Limits;
use spec_model::UserError;
use spec_remote::{Remote, RemoteCapabilities, RemoteError, RemoteNeeds};
use spec_remote_execution::SOCKET_HINT;
use spec_session::RemoteRole;
use spec_session::remotes::{self, CommandLineRemotes, RemoteSpec};
use tokio::task::JoinSet;

use super::trivial_action::TrivialAction;
use super::{Finding, Health, finding};
use crate::action_execution::servers_of;
use crate::app::App;
use crate::term::format_size;

/// How long a server has for all questions but the action.
const LIMIT: Duration = Duration::from_secs(5);

/// A server with all that it is configured for here.
struct ConfiguredServer {
    spec: RemoteSpec,
    roles: Vec<RemoteRole>,
    needs: RemoteNeeds,
    /// Whether blobs, assets and results of actions are written there.
    writes: Writes,
    /// Whether nothing can be executed without it.
    required: bool,
    /// Where the inputs of an action go, if it executes.
    inputs: Option<RemoteSpec>,
}

#[derive(Clone, Copy, Default)]
struct Writes {
    blobs: bool,
    assets: bool,
    results: bool,
}

/// What was found out of a server, in the order of the questions.
#[derive(Default)]
struct Answers {
    parts: Vec<String>,
    /// What does not work, and what that means for builds.
    wrong: Option<(RemoteError, Health)>,
}

/// An action that was not executed.
struct FailedAction {
    error: RemoteError,
    /// Whether it is the one with a socket.
    with_socket: bool,
}

/// Tries all servers at the same time. What is wrong with the project is for other commands to tell.
pub(super) fn examine(app: &App) -> Vec<Finding> {
    let servers = match configured(app) {
        Ok(servers) if servers.is_empty() => return Vec::new(),
        Ok(servers) => servers,
        Err(found) => return vec![*found],
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return vec![finding("servers", Health::Bad, error.to_string(), "")],
    };
    // Made first: nothing below blocks the runtime.
    let action = match TrivialAction::new(app) {
        Ok(action) => action,
        Err(error) => {
            return vec![finding("servers", Health::Bad, error.to_string(), "first mend the cache folder")];
        }
    };
    let limits = app.config.bounds.trees;
    let found = runtime.block_on(async {
        let mut all = JoinSet::new();
        for (at, server) in servers.into_iter().enumerate() {
            let action = action.clone();
            all.spawn(async move { (at, server.examine(&action, limits).await) });
        }
        let mut all = all.join_all().await;
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, found)| found).collect()
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    found
}

/// The servers that a build here would use, each once.
fn configured(app: &App) -> Result<Vec<ConfiguredServer>, Box<Finding>> {
    let config = &app.config;
    let wrong = |error: &dyn UserError| {
        let place = error.position().map(|place| format!("mend {place}")).unwrap_or_default();
        Box::new(finding("servers", Health::Bad, format!("{}: {error}", error.reason()), place))
    };
    let project = spec_project::find_project(app.globals.directory()).ok().and(app.project_config().ok());
    let name = project.as_ref().map(|project| project.name.clone()).unwrap_or_default();
    let recommended = |nodes: &[spec_model::Node]| match &project {
        Some(project) => remotes::recommended(nodes, &project.directory, &config.home),
        None => Ok(Vec::new()),
    };
    let nodes = project.as_ref().map(|project| (&project.artifact_servers, &project.source_servers));
    let (artifacts, sources) = nodes.map_or((&[][..], &[][..]), |(one, other)| (&one[..], &other[..]));
    let artifacts = recommended(artifacts).map_err(|error| wrong(&error))?;
    let sources = recommended(sources).map_err(|error| wrong(&error))?;
    let line = CommandLineRemotes::default();
    let mut all = Vec::new();
    if let Some(specs) = servers_of(config, &name) {
        let required = !config.execution.local_fallback;
        let inputs = Some(specs.storage.clone());
        add(&mut all, RemoteRole::Execution, specs.execution, required, inputs);
        add(&mut all, RemoteRole::Storage, specs.storage, required, None);
        add(&mut all, RemoteRole::ActionCache, specs.action_cache, false, None);
    }
    for spec in config.remotes.artifact_servers(&name, &artifacts, &line) {
        add(&mut all, RemoteRole::Artifacts, spec, false, None);
    }
    for spec in config.remotes.source_servers(&name, &sources, &line) {
        add(&mut all, RemoteRole::Sources, spec, false, None);
    }
    Ok(all)
}

/// Adds what a server is for, to the same server if it is there already.
fn add(
    all: &mut Vec<ConfiguredServer>,
    role: RemoteRole,
    spec: RemoteSpec,
    required: bool,
    inputs: Option<RemoteSpec>,
) {
    let is_cache = matches!(role, RemoteRole::Artifacts | RemoteRole::Sources);
    let storage = role == RemoteRole::Storage || (is_cache && spec.kind.is_storage());
    let assets = is_cache && spec.kind.is_index();
    let needs = RemoteNeeds { storage, assets, execution: role == RemoteRole::Execution };
    let writes = Writes {
        blobs: storage && (spec.push || !is_cache),
        assets: assets && spec.push,
        results: role == RemoteRole::ActionCache && spec.push,
    };
    let is_same = |other: &&mut ConfiguredServer| {
        let other = &other.spec;
        (&other.address, &other.instance, &other.auth) == (&spec.address, &spec.instance, &spec.auth)
    };
    match all.iter_mut().find(is_same) {
        None => all.push(ConfiguredServer { spec, roles: vec![role], needs, writes, required, inputs }),
        Some(same) => {
            same.roles.push(role);
            same.needs = same.needs.and(needs);
            same.writes.blobs |= writes.blobs;
            same.writes.assets |= writes.assets;
            same.writes.results |= writes.results;
            same.required |= required;
            same.spec.push |= spec.push;
        }
    }
}

impl ConfiguredServer {
    async fn examine(&self, action: &TrivialAction, limits: Limits) -> Finding {
        let roles: Vec<String> = self.roles.iter().map(ToString::to_string).collect();
        let roles = roles.join(", ");
        let name = self.spec.address.to_string();
        let remote = match self.connect(&self.spec, limits) {
            Ok(remote) => remote,
            Err(error) => return self.found(&name, &roles, Health::Bad, &*error),
        };
        let mut answers = Answers::default();
        let asked = tokio::time::timeout(LIMIT, self.ask(&remote, action, &mut answers)).await;
        let asked = asked.unwrap_or_else(|_| {
            let why = format!("it did not answer within {LIMIT:?}");
            Err(RemoteError::Unreachable { address: name.clone(), why })
        });
        if let Err(error) = asked {
            let health = if error.is_misconfiguration() { Health::Bad } else { self.without() };
            return self.found(&name, &roles, health, &error);
        }
        if self.needs.execution {
            match self.execute(&remote, action, limits).await {
                Ok(took) => answers.parts.extend(took),
                Err(FailedAction { error, with_socket: true }) => {
                    let found = self.found(&name, &roles, self.without(), &error);
                    return Finding { remedy: SOCKET_HINT.to_owned(), ..found };
                }
                Err(FailedAction { error, .. }) => answers.wrong = Some((error, self.without())),
            }
        }
        match answers.wrong {
            Some((error, health)) => self.found(&name, &roles, health, &error),
            None => finding(&name, Health::Good, format!("{roles}: {}", answers.parts.join("; ")), ""),
        }
    }

    fn connect(&self, spec: &RemoteSpec, limits: Limits) -> Result<Remote, Box<dyn UserError>> {
        let mut options = spec.options(limits).map_err(|error| Box::new(error) as Box<dyn UserError>)?;
        options.retries = 1;
        Remote::new(options).map_err(|error| Box::new(error) as _)
    }

    /// Everything but the action. What is refused to those who write only degrades builds.
    async fn ask(
        &self,
        remote: &Remote,
        action: &TrivialAction,
        answers: &mut Answers,
    ) -> Result<(), RemoteError> {
        remote.check(self.needs, LIMIT).await?;
        let capabilities = remote.capabilities().await.ok();
        answers.parts.extend(capabilities.map(announced));
        answers.parts.push(self.identity());
        if self.roles.contains(&RemoteRole::ActionCache) {
            remote.action_result(&action.unknown()).await?;
        }
        let Writes { blobs, assets, results } = self.writes;
        let stored = self.write_blobs(remote, action).await.map_err(|error| (error, self.without()));
        let written = match stored {
            Ok(()) => self.write_others(remote, action).await.map_err(|error| (error, Health::Poor)),
            wrong => wrong,
        };
        match written {
            Ok(()) if blobs || assets || results => answers.parts.push("may write".to_owned()),
            Ok(()) => answers.parts.push("only read (no 'push: True')".to_owned()),
            Err(wrong) => answers.wrong = Some(wrong),
        }
        if let Some(capabilities) = capabilities.filter(|capabilities| capabilities.storage) {
            answers.parts.push(format!("batches up to {}", format_size(capabilities.max_batch)));
        }
        Ok(())
    }

    /// What it means for builds that actions cannot be executed there.
    fn without(&self) -> Health {
        if self.required { Health::Bad } else { Health::Poor }
    }

    /// Writes as little as there is, where builds write.
    async fn write_blobs(&self, remote: &Remote, action: &TrivialAction) -> Result<(), RemoteError> {
        if self.writes.blobs {
            remote.upload(action.provider(), &[action.small_blob()]).await?;
        }
        Ok(())
    }

    /// As [`write_blobs`](Self::write_blobs), for what no action needs.
    async fn write_others(&self, remote: &Remote, action: &TrivialAction) -> Result<(), RemoteError> {
        if self.writes.assets {
            remote.check_asset_pushes(LIMIT).await?;
        }
        if self.writes.results {
            remote.update_action_result(&action.unknown(), &Default::default()).await?;
        }
        Ok(())
    }

    async fn execute(
        &self,
        remote: &Remote,
        action: &TrivialAction,
        limits: Limits,
    ) -> Result<Vec<String>, FailedAction> {
        let failed = |error| FailedAction { error, with_socket: false };
        let own = self.inputs.as_ref().filter(|spec| **spec != self.spec);
        let storage = match own.map(|spec| self.connect(spec, limits)) {
            None => remote.clone(),
            Some(Ok(storage)) => storage,
            Some(Err(error)) => {
                let (address, why) = (self.spec.address.to_string(), error.to_string());
                return Err(failed(RemoteError::BadCredentials { address, what: "credentials", why }));
            }
        };
        let took = action.execute(remote, &storage).await.map_err(failed)?;
        let with_socket = action.execute_with_socket(remote, &storage).await;
        let with_socket = with_socket.map_err(|error| FailedAction { error, with_socket: true })?;
        Ok([took].into_iter().chain(with_socket).collect())
    }

    /// Who the server takes us for.
    fn identity(&self) -> String {
        let auth = &self.spec.auth;
        let who = match (&auth.access_token, &auth.client) {
            (Some(_), Some(_)) => "token and certificate accepted",
            (Some(_), None) => "token accepted",
            (None, Some(_)) => "certificate accepted",
            (None, None) => "no credentials asked for",
        };
        let tls = if self.spec.address.is_tls() { "TLS" } else { "no TLS" };
        match self.spec.instance.as_str() {
            "" => format!("{tls}, {who}"),
            instance => format!("{tls}, {who}, instance '{instance}'"),
        }
    }

    fn found(&self, name: &str, roles: &str, health: Health, error: &dyn UserError) -> Finding {
        let place = error.position().or(self.spec.position.as_ref());
        let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
        let remedy = match (error.reason(), health) {
            ("remote-certificate", _) => format!("check server-cert and client-cert{place}"),
            ("remote-denied", Health::Poor) => {
                format!("take 'push: True' out, or get a token that may write{place}")
            }
            ("remote-denied", _) => format!("check access-token and instance-name{place}"),
            ("remote-refused", _) => format!("check instance-name{place}, and see what that server says"),
            ("remote-unreachable" | "remote-away" | "remote-failed", Health::Poor) => {
                format!("start it, or check url{place}; builds go on without it")
            }
            ("remote-unreachable" | "remote-away" | "remote-failed", _) => {
                format!("start it, check url{place}, or set 'local-fallback: True'")
            }
            ("remote-full" | "remote-lacks" | "remote-missing", Health::Poor) => {
                "wait until it has room, or give it more; builds go on without it".to_owned()
            }
            ("remote-full" | "remote-lacks" | "remote-missing", _) => {
                "wait until it has room, give it more, or set 'local-fallback: True'".to_owned()
            }
            _ => format!("mend or take out what is configured{place}"),
        };
        finding(name, health, format!("{roles}: {}: {error}", error.reason()), remedy)
    }
}

/// The protocol and the digest functions.
fn announced(capabilities: &RemoteCapabilities) -> String {
    if !capabilities.announced {
        return "it announces no capabilities and is taken for a server of API 2.0".to_owned();
    }
    let versions = capabilities.versions.map(|(low, high)| format!("API {low} to {high}"));
    let versions = versions.unwrap_or_else(|| "API of no announced version".to_owned());
    match capabilities.digest_functions().as_slice() {
        [] => versions,
        functions => format!("{versions}, {}", functions.join(" ")),
    }
}
