//! Which plugins of projects are those of the program: by the package, or by the text.

use crate::{
    FilePosition, FolderPlugin, KindWords, NodeError, PackagedKinds, PluginOrigin, PythonText, nearest,
};

/// The plugins of one type (element kinds, source kinds) that the program has, by where projects can take them from.
#[derive(Clone, Copy, Debug)]
pub struct KnownKinds {
    /// How errors call them.
    pub words: KindWords,
    /// Those of BuildStream itself, which no project needs to declare.
    pub core: &'static [&'static str],
    /// Those of Python packages.
    pub packages: &'static [PackagedKinds],
    /// Those that projects have in folders.
    pub texts: &'static [KnownTexts],
}

/// The texts of Python plugins that have the keys and the files of a kind of the program.
#[derive(Clone, Copy, Debug)]
pub struct KnownTexts {
    /// The kind.
    pub kind: &'static str,
    /// The SHA-256 of each text, as [`PythonText`] has it, in hexadecimal digits.
    pub texts: &'static [&'static str],
}

impl KnownKinds {
    /// Checks that a kind of this name is that of the program, where a project takes it from `origin`. `position` is what names
    /// the kind.
    ///
    /// # Errors
    /// With BuildStream's reasons `plugin-not-found` where nothing says where the kind comes from, and those of
    /// [`PackagedKinds::check`]; those of the words for a Python plugin that is not there, or of another text than those that
    /// are known or stated to be equal.
    pub fn check(
        &self,
        kind: &str,
        origin: &PluginOrigin,
        position: Option<&FilePosition>,
    ) -> Result<(), NodeError> {
        match origin {
            PluginOrigin::Undeclared if self.core.contains(&kind) => Ok(()),
            PluginOrigin::Undeclared => Err(self.undeclared(kind, position)),
            PluginOrigin::Package(asked) => PackagedKinds::check(self.packages, kind, asked, self.words),
            PluginOrigin::Folder(plugin) => match &plugin.text {
                Some(text) => self.check_text(kind, plugin, text, position),
                None => {
                    let (of, file) = (self.words.kind, &plugin.file);
                    let message =
                        format!("the {of} '{kind}' is declared to be the plugin {file}, which is not there");
                    let error = NodeError::new(self.words.absent, position, message);
                    Err(error.with_hint("put it there, or correct 'plugins' of project.conf"))
                }
            },
        }
    }

    /// Whether a Python plugin with this text is the kind `kind` of the program.
    #[must_use]
    pub fn is_known(&self, kind: &str, sha256: &str) -> bool {
        self.texts.iter().any(|known| known.kind == kind && known.texts.contains(&sha256))
    }

    fn undeclared(&self, kind: &str, position: Option<&FilePosition>) -> NodeError {
        let KindWords { kind: of, list, .. } = self.words;
        let message = format!("project.conf does not say where the {of} '{kind}' comes from");
        let error = NodeError::new("plugin-not-found", position, message);
        let has =
            |packaged: &&PackagedKinds| packaged.kinds.contains(&kind) || packaged.missing.contains(&kind);
        if let Some(packaged) = self.packages.iter().find(has) {
            let package = packaged.package.name;
            return error.with_hint(format!(
                "add to 'plugins' of project.conf: - {{origin: pip, package-name: {package}, {list}: [{kind}]}}"
            ));
        }
        let of_packages = self.packages.iter().flat_map(|packaged| packaged.kinds);
        let known: Vec<&str> = of_packages.chain(self.core).copied().collect();
        let near = nearest(kind, &known).map(|near| format!("did you mean '{near}'? If not, "));
        error.with_hint(format!(
            "{}declare where it comes from below 'plugins' of project.conf, or {}",
            near.unwrap_or_default(),
            (self.words.remedy)(kind)
        ))
    }

    fn check_text(
        &self,
        kind: &str,
        plugin: &FolderPlugin,
        text: &PythonText,
        position: Option<&FilePosition>,
    ) -> Result<(), NodeError> {
        let sha256 = text.digest.hex();
        if self.is_known(kind, &sha256) || plugin.is_stated(&sha256) {
            return Ok(());
        }
        let KindWords { kind: of, statement, unknown, remedy, .. } = self.words;
        let others: String = text.others.iter().map(|file| format!(" and {file}")).collect();
        let file = format!("{}{others}", plugin.file);
        let Some(stated) = plugin.stated.first() else {
            let message = format!(
                "the {of} '{kind}' is the plugin of a project, and spec-host does not know the text of {file} (SHA-256 {sha256})"
            );
            let error = NodeError::new(unknown, position, message);
            return Err(error.with_hint(format!(
                "if it gives keys and files as spec-host's own kind '{kind}' does, state so: in project.conf 'elements: \
                 {{spec-host: {{{statement}: {{{kind}: {sha256}}}}}}}', or '{statement}' below 'projects: NAME:' in the user \
                 configuration. If not, {}",
                remedy(kind)
            )));
        };
        let message = format!(
            "the plugin of the {of} '{kind}' has changed: {file} has the SHA-256 {sha256}, and {} is stated to be equal to \
             spec-host's own",
            stated.sha256
        );
        let error = NodeError::new(unknown, stated.position.as_ref(), message);
        Err(error.with_hint("read what changed, and if it is still equal, state the new SHA-256"))
    }
}
