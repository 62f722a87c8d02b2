//! The policies that a command line chooses for replays.

use std::path::PathBuf;

use spec_plugins::{Options, Plugins, PolicyComponent, PolicyRequest};
use spec_recording::message;
use spec_replay::RecordedSession;
use spec_strategy::{BuiltInOverlayPolicy, BuiltInPrimingPolicy, OverlayPolicy, PrimingPolicy};

use crate::app::App;
use crate::error::{CommandError, CommandResult};

/// A policy with its settings, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChosenPolicy {
    name: String,
    settings: Vec<(String, String)>,
}

/// Policies of replays have no memory of earlier sessions: a project has a name.
const NO_PROJECT: &str = "";

impl ChosenPolicy {
    pub(super) fn new(name: &str, settings: &[(String, String)]) -> Self {
        Self { name: name.to_owned(), settings: settings.to_vec() }
    }

    /// A policy with settings after commas, if the text is one: all other texts are files.
    ///
    /// # Errors
    /// When a setting is none.
    pub(super) fn parse(text: &str, known: &[&str]) -> CommandResult<Option<Self>> {
        let (name, rest) = text.split_once(',').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let is_policy = ["built-in", "none", "recorded"].contains(&name)
            || known.contains(&name)
            || name.ends_with(".wasm");
        if !is_policy {
            return Ok(None);
        }
        let setting = |pair: &str| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
            _ => {
                let message = format!("'{pair}' in '{text}' is no setting");
                Err(CommandError::usage("bad-policy-setting", message)
                    .hint("write settings so: priming-selective,least-ms=20"))
            }
        };
        let settings = rest.map(|rest| rest.split(',').map(setting).collect::<CommandResult<Vec<_>>>());
        Ok(Some(Self { name: name.to_owned(), settings: settings.transpose()?.unwrap_or_default() }))
    }

    /// For people.
    pub(super) fn title(&self) -> String {
        let settings = self.settings.iter().map(|(key, value)| format!(",{key}={value}"));
        std::iter::once(self.name.clone()).chain(settings).collect()
    }

    /// The policy that a recording names in the place of `recorded`.
    fn resolved(&self, session: &RecordedSession, kind: &str) -> Self {
        let is_meant = |policy: &&message::Policy| policy.kind == kind;
        match session.header().policies.iter().find(is_meant).filter(|_| self.name == "recorded") {
            Some(policy) => {
                let pair = |setting: &message::Setting| (setting.key.clone(), setting.value.clone());
                let recorded = policy.settings.iter().map(pair);
                let settings = recorded.chain(self.settings.iter().cloned()).collect();
                Self { name: policy.name.clone(), settings }
            }
            None => self.clone(),
        }
    }

    /// The request for a component; `None` for the built-in policy.
    fn request(&self) -> CommandResult<Option<PolicyRequest>> {
        let component = match self.name.as_str() {
            "built-in" | "recorded" => match self.settings.first() {
                None => return Ok(None),
                Some((key, _)) => {
                    let message = format!("the built-in policy has no settings, so none called '{key}'");
                    return Err(CommandError::usage("bad-policy-setting", message).hint("leave it out"));
                }
            },
            name if name.contains('/') || name.ends_with(".wasm") => {
                PolicyComponent::File(PathBuf::from(name))
            }
            name => PolicyComponent::Embedded(name.to_owned()),
        };
        Ok(Some(PolicyRequest { component, settings: self.settings.clone() }))
    }
}

/// Loads policies for replays.
pub(super) struct PolicyLoader(Plugins);

impl PolicyLoader {
    pub(super) fn new(app: &App) -> Self {
        Self(Plugins::new(Options::new(app.config.cache("plugins"))))
    }

    /// A priming policy; `None` when nothing is to be primed.
    ///
    /// # Errors
    /// When it does not exist, or refuses its settings.
    pub(super) fn priming(
        &self,
        chosen: &ChosenPolicy,
        session: &RecordedSession,
    ) -> CommandResult<Option<Box<dyn PrimingPolicy>>> {
        let chosen = chosen.resolved(session, "priming");
        if chosen.name == "none" || session.header().mode == "none" {
            return Ok(None);
        }
        Ok(Some(match chosen.request()? {
            Some(request) => self.0.priming_policy(&request, NO_PROJECT)?.policy,
            None => Box::new(BuiltInPrimingPolicy),
        }))
    }

    /// An overlay policy.
    ///
    /// # Errors
    /// As [`priming`](Self::priming).
    pub(super) fn overlay(
        &self,
        chosen: &ChosenPolicy,
        session: &RecordedSession,
    ) -> CommandResult<Box<dyn OverlayPolicy>> {
        Ok(match chosen.resolved(session, "overlay").request()? {
            Some(request) => self.0.overlay_policy(&request, NO_PROJECT)?.policy,
            None => Box::new(BuiltInOverlayPolicy),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_follow_with_commas() {
        let parse = |text| ChosenPolicy::parse(text, &["priming-eager"]).expect("the settings are good");
        let chosen = parse("priming-eager,least-ms=20,x=a=b").expect("it is a policy");
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(chosen.settings, [pair("least-ms", "20"), pair("x", "a=b")]);
        assert_eq!(chosen.title(), "priming-eager,least-ms=20,x=a=b");
        assert_eq!((parse("last"), parse("a.recording")), (None, None));
        assert!(parse("./mine.wasm").is_some() && parse("none").is_some());
        let error = ChosenPolicy::parse("none,x", &[]).expect_err("no value");
        assert_eq!(error.reason(), "bad-policy-setting");
    }
}
