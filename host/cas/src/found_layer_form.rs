//! The form of layers that was found to work, kept beside the store until something changes that decides it: trying it takes
//! some milliseconds in every process.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use spec_model::LayerForm;

use crate::boot_id::boot_id;
use crate::layout;
use crate::store::Cas;

/// A form of layers that was found to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundLayerForm {
    /// The form.
    pub form: LayerForm,
    /// Whether this user can have no better one. The others are looked for again in every process, since a person may have
    /// mended what was in the way.
    pub is_best: bool,
}

impl Cas {
    /// The form of layers that works here, as `find` has found out: once for this process, and if it is the best one, once
    /// for all processes like this one until the machine is started again.
    pub fn layer_form(&self, find: impl FnOnce() -> FoundLayerForm) -> LayerForm {
        self.layer_form_under(&conditions(self.root()), find)
    }

    fn layer_form_under(&self, conditions: &str, find: impl FnOnce() -> FoundLayerForm) -> LayerForm {
        *self.shared.layer_form.get_or_init(|| {
            let kept = self.root().join(layout::LAYER_FORM);
            if let Some(form) = read(&kept, conditions) {
                return form;
            }
            let FoundLayerForm { form, is_best } = find();
            if is_best && !conditions.is_empty() {
                // What cannot be kept is found out again.
                let _ = self.replace_file(&kept, format!("{conditions}\n{}\n", form.as_str()).as_bytes());
            }
            form
        })
    }
}

fn read(path: &Path, conditions: &str) -> Option<LayerForm> {
    let text = fs::read_to_string(path).ok().filter(|_| !conditions.is_empty())?;
    let name = text.strip_prefix(conditions)?.strip_prefix('\n')?.strip_suffix('\n')?;
    [LayerForm::Image, LayerForm::Metacopy].into_iter().find(|form| form.as_str() == name)
}

/// What decides which form works, as one line: the kernel, where the store and the memory for layers are, and what this
/// process may do. Empty when it cannot be told.
fn conditions(root: &Path) -> String {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let link = |path: &str| fs::read_link(path).map(|name| name.to_string_lossy().into_owned());
    let device = |path: &Path| fs::metadata(path).map_or(0, |meta| meta.dev());
    let (boot, namespaces) = (
        boot_id(),
        link("/proc/self/ns/user").and_then(|user| Ok(format!("{user} {}", link("/proc/self/ns/mnt")?))),
    );
    let (false, Ok(namespaces)) = (boot.is_empty(), namespaces) else { return String::new() };
    let status = text("/proc/self/status");
    let rights = status.lines().filter(|line| {
        ["Uid:", "Gid:", "CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:"]
            .iter()
            .any(|name| line.starts_with(name))
    });
    let rights = rights.collect::<Vec<_>>().join(" ");
    let (store, memory) = (device(root), device(Path::new("/dev/shm")));
    let all = format!("{boot} {namespaces} {store} {memory} {rights} {}", text("/proc/self/attr/current"));
    all.split(|byte: char| byte.is_whitespace() || byte.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests;
