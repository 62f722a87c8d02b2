//! The element kind `flatpak_image`: the files of its dependencies in the form of a Flatpak application or runtime.

use std::collections::BTreeMap;

use spec_guest_sdk::{
    Command, CommandGroup, Configured, DomainSelection, Element, ElementKind, Forbids, KindDescription,
    Mapping, Node, Plan, Rejection, Step, Traits, Value, export, path,
};

const INPUT: &str = "/buildstream/allfiles";
const INSTALL: &str = "/buildstream/install";
/// Part of every key: raised by the authors of the Python plugin when its images changed.
const VERSION: i64 = 4;

struct FlatpakImage;

/// The sections of the image's `metadata`, with their entries.
type Metadata<'a> = Vec<(&'a str, Vec<(&'a str, &'a str)>)>;

/// The configuration of an image.
struct Image<'a> {
    directory: &'a str,
    domains: DomainSelection,
    component_ids: Vec<String>,
    metadata: Metadata<'a>,
}

impl ElementKind for FlatpakImage {
    fn describe() -> KindDescription {
        KindDescription {
            traits: Traits::RUNS_COMMANDS | Traits::STRICT_REBUILD | Traits::HAS_ARTIFACT,
            forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
            ..KindDescription::new("flatpak_image", env!("CARGO_PKG_VERSION"))
                .defaults(include_str!("defaults.yaml"))
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let image = Image::read(element.config()?)?;
        let layout = layout(element)?;
        let unique_key = image.unique_key();
        Ok(Configured { unique_key, plan: image.plan(&layout) })
    }
}

impl<'a> Image<'a> {
    fn read(config: Mapping<'a>) -> Result<Self, Rejection> {
        config.validate_keys(&["directory", "include", "exclude", "metadata", "component-ids"])?;
        let metadata_node = config.require("metadata")?;
        let image = Self {
            directory: config.str("directory")?,
            domains: DomainSelection {
                include: config.require("include")?.as_str_list()?,
                exclude: config.require("exclude")?.as_str_list()?,
                orphans: true,
            },
            component_ids: config.require("component-ids")?.as_str_list()?,
            metadata: metadata(metadata_node)?,
        };
        if !image.has_section("Application") && !image.has_section("Runtime") {
            let message = "the 'metadata' need a section 'Application' or 'Runtime'";
            return Err(Rejection::other("incomplete-metadata", message).at(metadata_node));
        }
        Ok(image)
    }

    fn has_section(&self, name: &str) -> bool {
        self.metadata.iter().any(|(section, _)| *section == name)
    }

    fn unique_key(&self) -> Value {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            Value::texts(names)
        };
        let section = |(name, entries): &(&'a str, Vec<(&'a str, &'a str)>)| {
            (*name, Value::mapping(entries.iter().map(|(key, value)| (*key, Value::from(*value)))))
        };
        let mut key = vec![
            ("directory", self.directory.into()),
            ("include", sorted(&self.domains.include)),
            ("exclude", sorted(&self.domains.exclude)),
            ("metadata", Value::mapping(self.metadata.iter().map(section))),
            ("version", Value::Int(VERSION)),
        ];
        if !self.component_ids.is_empty() {
            key.push(("component-ids", Value::texts(&self.component_ids)));
        }
        Value::mapping(key)
    }

    fn plan(&self, layout: &BTreeMap<&str, Vec<u32>>) -> Plan {
        let mut plan = Plan {
            working_directory: Some("/".to_owned()),
            marked_directories: vec![INPUT.to_owned(), INSTALL.to_owned()],
            ..Plan::new(INSTALL)
        };
        for (location, dependencies) in layout {
            let (dependencies, at) = (dependencies.clone(), path::absolute(location));
            plan = plan.step(match *location {
                INPUT => Step::StageFiles {
                    location: at,
                    dependencies,
                    domains: self.domains.clone(),
                    runtime: true,
                },
                _ => Step::StageDependencies { location: at, dependencies },
            });
        }
        plan = plan.step(Step::MakeDirectory(INSTALL.to_owned()));
        // The Python plugin composes one component, the last.
        if let Some(component) = self.component_ids.last() {
            plan = plan.step(self.compose_appstream(component));
        }
        self.files(plan)
    }

    fn compose_appstream(&self, component: &str) -> Step {
        let data = path::join(&path::below(INPUT, self.directory), "share");
        let command = format!(
            "appstreamcli compose --components {component} --result-root {INSTALL} --prefix {} --data-dir {data} \
             --origin {component} {INPUT}",
            self.directory
        );
        Step::Run(CommandGroup {
            label: "appstream".to_owned(),
            read_only_root: true,
            commands: vec![Command::shell(command)],
        })
    }

    /// What the image is made of.
    fn files(&self, mut plan: Plan) -> Plan {
        let is_runtime = self.has_section("Runtime")
            && !self.has_section("Application")
            && !self.has_section("ExtensionOf");
        let directory = |path: String| Step::MakeDirectory(path);
        plan = plan.step(directory(format!("{INSTALL}/files")));
        if self.has_section("Application") {
            plan = plan.step(directory(format!("{INSTALL}/export")));
        }
        for (section, entries) in &self.metadata {
            if !section.starts_with("Extension ") {
                continue;
            }
            match entries.iter().find(|(key, _)| *key == "directory") {
                Some((_, below)) => {
                    plan = plan.step(directory(path::below(&format!("{INSTALL}/files"), below)))
                }
                None => {
                    let message = format!("the section '{section}' of the metadata has no 'directory'");
                    plan.refusal = Some(Rejection::other("incomplete-metadata", message));
                }
            }
        }
        let copy = |source: String, target: &str| Step::CopyTreeIfPresent {
            source,
            target: format!("{INSTALL}/{target}"),
        };
        plan = plan.step(copy(path::below(INPUT, self.directory), "files"));
        if is_runtime {
            plan = plan.step(copy(format!("{INPUT}/etc"), "files/etc"));
        }
        plan.write_file(format!("{INSTALL}/metadata"), self.metadata_text(), false)
    }

    /// The metadata as Python's `configparser` writes them.
    fn metadata_text(&self) -> String {
        let entry = |(key, value): &(&str, &str)| format!("{key} = {}\n", value.replace('\n', "\n\t"));
        let section = |(name, entries): &(&str, Vec<(&str, &str)>)| {
            format!("[{name}]\n{}\n", entries.iter().map(entry).collect::<String>())
        };
        self.metadata.iter().map(section).collect()
    }
}

fn metadata(node: Node<'_>) -> Result<Metadata<'_>, Rejection> {
    let mut sections = Vec::new();
    for (name, section) in node.as_mapping()?.entries() {
        let mut entries = Vec::new();
        for (key, value) in section.as_mapping()?.entries() {
            entries.push((key, value.as_str()?));
        }
        sections.push((name, entries));
    }
    Ok(sections)
}

/// The dependencies at each location.
fn layout(element: &Element) -> Result<BTreeMap<&str, Vec<u32>>, Rejection> {
    let mut layout = BTreeMap::<&str, Vec<u32>>::new();
    for dependency in element.dependencies() {
        let location = match dependency.config.map(Node::as_mapping).transpose()? {
            None => INPUT,
            Some(config) => {
                config.validate_keys(&["location"])?;
                config.str("location")?
            }
        };
        layout.entry(location).or_default().push(dependency.index);
    }
    Ok(layout)
}

export!(FlatpakImage as ElementKind);

#[cfg(test)]
mod tests;
