//! The element kind `script`: commands that make something of the artifacts of other elements.

use spec_guest_sdk::script_element::{self, Script, ScriptDependency, ScriptElement, directory_variable};
use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Node, Rejection, export};

struct ScriptKind;

impl ElementKind for ScriptKind {
    fn describe() -> KindDescription {
        script_element::description("script", env!("CARGO_PKG_VERSION"), include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let config = element.config()?;
        config.validate_keys(&["commands", "root-read-only"])?;
        let mut script = Script {
            commands: vec![("commands".to_owned(), config.str_list_or_empty("commands")?)],
            read_only_root: config.bool_or("root-read-only", false)?,
            cwd: directory_variable(element, "cwd").to_owned(),
            install_root: directory_variable(element, "install-root").to_owned(),
            ..Script::default()
        };
        for dependency in element.dependencies() {
            let location = match dependency.config.map(Node::as_mapping).transpose()? {
                None => None,
                Some(config) => {
                    config.validate_keys(&["location"])?;
                    config.opt_str("location")?
                }
            };
            let (element, path) = (ScriptElement::Dependency(dependency.index), dependency.path.to_owned());
            script.stage(location.unwrap_or("/"), ScriptDependency { element, path });
        }
        Ok(script.configured())
    }
}

export!(ScriptKind as ElementKind);
