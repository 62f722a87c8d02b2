//! The forms that a tree can have as a layer of an overlay.

/// How a tree is a layer of an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerForm {
    /// An image of an EROFS file system without contents, whose files name their contents (`trusted.overlay.metacopy` and
    /// `redirect`) in a data-only layer below.
    Image,
    /// A folder of files without contents, which name theirs (`user.overlay.metacopy` and `redirect`) in a data-only layer
    /// below.
    Metacopy,
    /// A folder of files with their contents.
    Copied,
}

impl LayerForm {
    /// The name: `image`, `metacopy`, `copied`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Metacopy => "metacopy",
            Self::Copied => "copied",
        }
    }
}
