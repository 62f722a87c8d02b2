//! Includes `(@)`: files of the project that are composed under the mapping that names them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;

use spec_model::{Mapping, Node, NodeError, NodeKind};

use crate::LoadError;
use crate::compose::compose_under;
use crate::options::Options;
use crate::yaml::{Limits, parse_text, read_text};

const INCLUDE: &str = "(@)";
const MAX_DEPTH: usize = 30;

/// Loads the included files of one project, each once.
pub(crate) struct Includes {
    directory: PathBuf,
    /// With the number of bytes of each file.
    loaded: RefCell<HashMap<String, (Mapping, usize)>>,
}

/// The processing of one file with all that it includes.
struct IncludePass<'o> {
    options: Option<&'o Options>,
    /// The files that are being included, outermost first.
    open: RefCell<Vec<String>>,
    /// How many files were included so far, and how many bytes they had.
    count: Cell<usize>,
    bytes: Cell<usize>,
}

impl Includes {
    /// Includes of the project in `directory`.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory, loaded: RefCell::default() }
    }

    /// Resolves all includes at and below a mapping, and with `options` all conditionals in it and in them.
    ///
    /// # Errors
    /// `missing-file` at an include that is not there, `recursive-include` at one that includes itself, and the
    /// errors of parsing, composition and conditionals.
    pub(crate) fn process(&self, mapping: &mut Mapping, options: Option<&Options>) -> Result<(), LoadError> {
        let pass =
            IncludePass { options, open: RefCell::default(), count: Cell::new(0), bytes: Cell::new(0) };
        self.file(mapping, &pass)
    }

    fn file(&self, mapping: &mut Mapping, pass: &IncludePass<'_>) -> Result<(), LoadError> {
        if let Some(options) = pass.options {
            options.resolve_conditionals(mapping, &[])?;
        }
        self.mapping(mapping, pass)
    }

    fn mapping(&self, mapping: &mut Mapping, pass: &IncludePass<'_>) -> Result<(), LoadError> {
        if let Some(names) = mapping.remove(INCLUDE) {
            for name in include_names(&names)?.iter().rev() {
                compose_under(self.include(name, &names, pass)?, mapping)?;
            }
        }
        mapping.entries.values_mut().try_for_each(|node| self.node(node, pass))
    }

    fn node(&self, node: &mut Node, pass: &IncludePass<'_>) -> Result<(), LoadError> {
        match &mut node.kind {
            NodeKind::Scalar(_) => Ok(()),
            NodeKind::Sequence(nodes) => nodes.iter_mut().try_for_each(|node| self.node(node, pass)),
            NodeKind::Mapping(mapping) => {
                self.mapping(mapping, pass)?;
                node.position.clone_from(&mapping.position);
                Ok(())
            }
        }
    }

    /// The processed contents of an included file.
    fn include(&self, name: &Node, names: &Node, pass: &IncludePass<'_>) -> Result<Mapping, LoadError> {
        let text = name.as_str()?;
        if text.contains(':') {
            let message =
                format!("'{text}' is a file of another project, and junctions are not supported yet");
            return Err(LoadError::at("junctions-not-supported", name.position.as_ref(), message));
        }
        let (mut included, bytes) =
            self.load(text).map_err(|error| error.referred_from(name.position.as_ref()))?;
        if pass.open.borrow().iter().any(|open| open == text) {
            let message = format!("'{text}' includes itself");
            return Err(LoadError::at("recursive-include", names.position.as_ref(), message));
        }
        pass.check_bounds(names, bytes)?;
        pass.open.borrow_mut().push(text.to_owned());
        self.file(&mut included, pass)?;
        pass.open.borrow_mut().pop();
        Ok(included)
    }

    fn load(&self, name: &str) -> Result<(Mapping, usize), LoadError> {
        if let Some(loaded) = self.loaded.borrow().get(name) {
            return Ok(loaded.clone());
        }
        let text = read_text(&self.directory.join(name), name)?;
        let loaded = (parse_text(&text, name)?, text.len());
        self.loaded.borrow_mut().insert(name.to_owned(), loaded.clone());
        Ok(loaded)
    }
}

impl IncludePass<'_> {
    fn check_bounds(&self, names: &Node, bytes: usize) -> Result<(), NodeError> {
        self.count.set(self.count.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
        if self.bytes.get() > Limits::INCLUDED {
            let message = format!("more than {} bytes of included files", Limits::INCLUDED);
            return Err(NodeError::new("too-many-includes", names.position.as_ref(), message));
        }
        if self.count.get() <= Limits::INCLUDES && self.open.borrow().len() < MAX_DEPTH {
            return Ok(());
        }
        let message =
            format!("more than {} included files, or {MAX_DEPTH} inside each other", Limits::INCLUDES);
        Err(NodeError::new("too-many-includes", names.position.as_ref(), message))
    }
}

fn include_names(node: &Node) -> Result<&[Node], NodeError> {
    match &node.kind {
        NodeKind::Scalar(_) => Ok(std::slice::from_ref(node)),
        NodeKind::Sequence(nodes) => Ok(nodes),
        NodeKind::Mapping(_) => Err(node.expected("a file name or a list of file names")),
    }
}
