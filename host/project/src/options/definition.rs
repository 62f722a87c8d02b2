//! The definition of one option in project.conf.

use spec_model::{Mapping, Node, NodeError};

use super::value::OptionValue;
use crate::{platform, symbol};

const INVALID: &str = "invalid-data";

/// The types of option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OptionType {
    Bool,
    Enum,
    Flags,
    Arch,
    Os,
    ElementMask,
}

/// An option: its possible values and its value.
#[derive(Clone, Debug)]
pub(super) struct OptionDefinition {
    name: String,
    kind: OptionType,
    values: Vec<String>,
    /// The variable that holds the value.
    pub(super) variable: Option<String>,
    /// The value: the default until it is set.
    pub(super) value: OptionValue,
}

impl OptionType {
    fn from_node(node: &Node) -> Result<Self, NodeError> {
        Ok(match node.as_str()? {
            "bool" => Self::Bool,
            "enum" => Self::Enum,
            "flags" => Self::Flags,
            "arch" => Self::Arch,
            "os" => Self::Os,
            "element-mask" => Self::ElementMask,
            _ => return Err(node.expected("a type of option (bool, enum, flags, arch, os or element-mask)")),
        })
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Bool | Self::ElementMask => &["type", "description", "variable", "default"],
            Self::Enum | Self::Flags => &["type", "description", "variable", "default", "values"],
            Self::Arch | Self::Os => &["type", "description", "variable", "values"],
        }
    }
}

impl OptionDefinition {
    /// The option that `node` defines; `elements` are the names an element mask can hold.
    pub(super) fn new(
        name: &str,
        node: &Node,
        elements: &dyn Fn() -> Vec<String>,
    ) -> Result<Self, NodeError> {
        symbol::check(name, "option", symbol::Dashes::Forbidden, node.position.as_ref())?;
        let mapping = node.as_mapping()?;
        let kind = OptionType::from_node(mapping.require("type")?)?;
        mapping.str("description")?;
        mapping.validate_keys(kind.keys())?;
        let variable = mapping.opt_str("variable")?.map(str::to_owned);
        if let (Some(variable), Some(node)) = (&variable, mapping.get("variable")) {
            symbol::check(variable, "variable", symbol::Dashes::Allowed, node.position.as_ref())?;
        }
        let values = match kind {
            OptionType::Bool => Vec::new(),
            OptionType::ElementMask => elements(),
            _ => mapping.str_list_or_empty("values")?,
        };
        if values.is_empty() && kind != OptionType::Bool {
            let message = format!("the option '{name}' has no values to choose from");
            return Err(NodeError::new(INVALID, mapping.position.as_ref(), message));
        }
        let mut definition =
            Self { name: name.to_owned(), kind, values, variable, value: OptionValue::Bool(false) };
        definition.value = definition.default(mapping)?;
        Ok(definition)
    }

    fn default(&self, mapping: &Mapping) -> Result<OptionValue, NodeError> {
        match self.kind {
            OptionType::Bool => Ok(OptionValue::Bool(mapping.require("default")?.as_bool()?)),
            OptionType::Enum => self.value_of_node(mapping.require("default")?),
            OptionType::Flags | OptionType::ElementMask => match mapping.get("default") {
                None => Ok(OptionValue::List(Vec::new())),
                Some(node) => self.flags(node.as_str_list()?, Some(node)),
            },
            OptionType::Os => Ok(OptionValue::Text(platform::system_name())),
            OptionType::Arch => self.default_arch(mapping),
        }
    }

    /// The value whose canonical name is this machine's; if there is none, this machine's own name.
    fn default_arch(&self, mapping: &Mapping) -> Result<OptionValue, NodeError> {
        let host = platform::host_arch();
        let mut found = None;
        for (value, node) in self.values.iter().zip(mapping.require("values")?.as_sequence()?) {
            let Some(canonical) = platform::canonical_arch(value) else {
                return Err(node.expected("the name of a machine architecture"));
            };
            if canonical == host && found.is_none() {
                found = Some(value.clone());
            }
        }
        Ok(OptionValue::Text(found.unwrap_or_else(|| host.to_owned())))
    }

    /// The value that a node sets, as in the user configuration.
    pub(super) fn value_of_node(&self, node: &Node) -> Result<OptionValue, NodeError> {
        match self.kind {
            OptionType::Bool => Ok(OptionValue::Bool(node.as_bool()?)),
            OptionType::Flags | OptionType::ElementMask => {
                let mut flags = node.as_str_list()?;
                flags.sort_unstable();
                self.flags(flags, Some(node))
            }
            OptionType::Enum | OptionType::Arch | OptionType::Os => self.choice(node.as_str()?, Some(node)),
        }
    }

    /// The value that a text on the command line sets.
    pub(super) fn value_of_text(&self, text: &str) -> Result<OptionValue, NodeError> {
        match self.kind {
            OptionType::Bool => match text {
                "True" | "true" => Ok(OptionValue::Bool(true)),
                "False" | "false" => Ok(OptionValue::Bool(false)),
                _ => Err(self.refuse(text, "true, false", None)),
            },
            OptionType::Flags | OptionType::ElementMask => {
                let text: String = text.split_whitespace().collect();
                let mut flags: Vec<String> = text.split(',').map(str::to_owned).collect();
                flags.sort_unstable();
                self.flags(flags, None)
            }
            OptionType::Enum | OptionType::Arch | OptionType::Os => self.choice(text, None),
        }
    }

    /// Checks that this machine is among the choices, which is only possible after all values were set.
    pub(super) fn resolve(&self) -> Result<(), NodeError> {
        match (&self.value, self.kind) {
            (OptionValue::Text(text), OptionType::Arch | OptionType::Os) => self.choice(text, None).map(drop),
            _ => Ok(()),
        }
    }

    fn choice(&self, text: &str, node: Option<&Node>) -> Result<OptionValue, NodeError> {
        if !self.values.iter().any(|value| value == text) {
            return Err(self.refuse(text, &self.values.join(", "), node));
        }
        Ok(OptionValue::Text(text.to_owned()))
    }

    fn flags(&self, flags: Vec<String>, node: Option<&Node>) -> Result<OptionValue, NodeError> {
        match flags.iter().find(|flag| !self.values.contains(flag)) {
            Some(flag) => Err(self.refuse(flag, &self.values.join(", "), node)),
            None => Ok(OptionValue::texts(flags)),
        }
    }

    fn refuse(&self, text: &str, choices: &str, node: Option<&Node>) -> NodeError {
        let message =
            format!("'{text}' is no value of the option '{}'; expected one of: {choices}", self.name);
        NodeError::new(INVALID, node.and_then(|node| node.position.as_ref()), message)
    }
}
