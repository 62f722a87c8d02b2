//! Makes components of core modules, and bindings in C of the WIT text.

use std::path::Path;

use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;
use wit_component::ComponentEncoder;

use crate::component::stripped;
use crate::error::{PackageError, Result};
use crate::world::PluginWorld;

/// The component of a core module that has its world's type inside, as bindings put it there.
pub(crate) fn component(module: &[u8], hint: &str) -> Result<Vec<u8>> {
    encode(module).map_err(|why| PackageError::NotAComponent {
        message: format!("the module cannot become a component: {why}"),
        hint: Some(hint.to_owned()),
    })
}

fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = ComponentEncoder::default();
    encoder.module(&stripped(module)?).map_err(|error| format!("{error:#}"))?;
    encoder.validate(true).encode().map_err(|error| format!("{error:#}"))
}

/// Writes the bindings of a world in C into a folder.
pub(crate) fn c_bindings(wit: &Path, world: PluginWorld, folder: &Path) -> Result<()> {
    let files = generate(wit, world).map_err(|why| PackageError::NotAComponent {
        message: format!("{}: there are no bindings of this WIT text: {why}", wit.display()),
        hint: None,
    })?;
    for (name, contents) in files.iter() {
        let file = folder.join(name);
        std::fs::write(&file, contents).map_err(|error| PackageError::io("write", &file, error))?;
    }
    Ok(())
}

fn generate(wit: &Path, world: PluginWorld) -> Result<Files, String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit).map_err(|error| format!("{error:#}"))?;
    let world =
        resolve.select_world(&[package], Some(world.as_str())).map_err(|error| format!("{error:#}"))?;
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator.generate(&mut resolve, world, &mut files).map_err(|error| format!("{error:#}"))?;
    Ok(files)
}
