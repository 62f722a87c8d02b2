//! Python plugins that projects keep in folders, and whose components the program has. They are known by their text: a plugin of
//! another text may do something else. Each comment names the first versions with these texts.

use spec_model::KnownTexts;

pub(crate) const TEXTS: [KnownTexts; 18] = [
    KnownTexts {
        kind: "collect_initial_scripts",
        texts: &[
            // Beside the component, in plugins/collect_initial_scripts.
            "43f08594d094f57539aaaac6a518540a1a1a76006fb006653cdd178bbbfd9d17",
            // freedesktop-sdk, before 26.08.
            "553b640d8867064783e7841c84fedfa5764ba208e7c908efbaa67fb7071721a4",
            // freedesktop-sdk 26.08.
            "eb49c4e4711589ef5d6078e935e3fd2d5855ac62ecb2de7a70dfd177abafbfbe",
            // gnome-build-meta; it calls `node_subst_vars`, which does nothing in BuildStream 2.
            "502af4843e7f46f718d11595975a0dc4db43a6bcfe180dbb91893ace17611fd8",
            // cosmic-build-meta; freedesktop-sdk's with another description.
            "516f34d1bb236c1a552fa9839801fad1e4648e64fa8526bf0eec3d207ea12a43",
        ],
    },
    // buildstream-plugins 2.0.0.
    KnownTexts {
        kind: "autotools",
        texts: &["954b3e0c505fc6b4206b396142106dfd0b6b8d6201ba64d06d6d5a77745bb111"],
    },
    // buildstream-plugins 2.0.0.
    KnownTexts {
        kind: "cmake",
        texts: &["820ae67d6cfdb0bcb7d0965ab9d32720dd7d2642d8b07d52fe554f7860e5d2f8"],
    },
    // buildstream-plugins 2.0.0, 2.4.0.
    KnownTexts {
        kind: "make",
        texts: &[
            "68db628476f1ff390f1fac7aa19d9e626a06b9b1318cbfdcc21682d24053206d",
            "b075a397b407c43fdf19d6e26363f61c1c6688c5f342b7db0dbcff12b23cddfc",
        ],
    },
    // buildstream-plugins 2.0.0.
    KnownTexts {
        kind: "meson",
        texts: &["af1c39fc6a36533182c2aba4e5a0de3a831a4547b51a03cd575ec98c38b9591c"],
    },
    // buildstream-plugins 2.0.0.
    KnownTexts { kind: "pip", texts: &["9e89d57f4cd431e0adde9a702c8c4b81fb9d4c665268bbb46ade9b1e761e9760"] },
    // buildstream-plugins 2.0.0.
    KnownTexts {
        kind: "setuptools",
        texts: &["af977b50bceb8729d65cad17fa5debe66f52c7e8bf8fed970b7d9b0efe80891d"],
    },
    // buildstream-plugins-community 2.3.0, 2.4.0.
    KnownTexts {
        kind: "cargo",
        texts: &[
            "15343866eedbbc0cfb79ba2290e3ef07c21680fa242d8ea557e1e7c1db6f933b",
            "8e5012e495511be422fced06a5c1c2b563738298e95332ab6534bfb1177ef7fa",
        ],
    },
    // buildstream-plugins-community 2.0.0, 2.4.0.
    KnownTexts {
        kind: "check_forbidden",
        texts: &[
            "7ae72a59e9f77bfe2229d2dc6b3b0810a246022590557fe34d239b273ee86d26",
            "9e771d47c35ebf99382451c4385ef8b6b61e69dd77b4a94d26dcd0ef2846fcca",
        ],
    },
    // buildstream-plugins-community 2.1.0, 2.3.2, 2.4.0.
    KnownTexts {
        kind: "collect_integration",
        texts: &[
            "16d869a18fe6642f201a5444e800e6aedad0cb501dd0bb605c78b31aa87f1fc7",
            "a3a23cfbbbd6fdda6ac7016146399146c2557fdfdcf2daa49a48d6a55f271783",
            "a6cfc303ef827cef93acff6a5eac92509a219fc071ad9ffeb73b7c1aec32e543",
        ],
    },
    // buildstream-plugins-community 2.1.0, 2.3.0, 2.3.1, 2.4.0.
    KnownTexts {
        kind: "collect_manifest",
        texts: &[
            "bceb2cfa5af682a1a6392d3c149e437773861aefb825e74db1c1ef9ee3de5e1d",
            "3291f763e7c379b113f1ac254bdaa696ebf6a15acd5208475c402410a7ee7eca",
            "e15c6367ce5a580d5f32ebb7399d6f341c2d50af1c48cd998f818fba629f3aaa",
            "ffbe461945fdd866c84bdbc858b45f603d158966faa169f5885c55ae1219c3cd",
        ],
    },
    // buildstream-plugins-community 2.0.0, 2.3.2, 2.4.0.
    KnownTexts {
        kind: "flatpak_image",
        texts: &[
            "256dc1a9ccc79e9beeabe4617a6df0068ec97a04a9eb418d039700bb305c01da",
            "4ffd7fe83c7b703739261bf75048d4db3964d4c2dc934c26c3d3e3ed676dbdcd",
            "0fd35c17a1d5fd4e2da31a8a42596c434779b738987016f595214a76e9311ddc",
        ],
    },
    // buildstream-plugins-community 2.0.0, 2.3.2, 2.4.0.
    KnownTexts {
        kind: "flatpak_repo",
        texts: &[
            "579787a92f7051b396129746bcc3f952ae910d43e22259e1da252458ba96debb",
            "2c05acb7332e725f782dcd13b37cb676f1e2ff717651482eaf899f951b2e0306",
            "7a2b8c358cd584f09a914eb01bf364d5aca2c0a1a9300f33585bc39c3f689be8",
        ],
    },
    // buildstream-plugins-community 2.0.0, 2.4.0.
    KnownTexts {
        kind: "makemaker",
        texts: &[
            "d20075a93fb7f9fd44b5b1f846494ce3b1c3eed5e76046dd6578e9615f0b2695",
            "372d6ba147a1d7b6d1504e0f9b0f02751e5c27dc5b022625f5776ed34bdde237",
        ],
    },
    // buildstream-plugins-community 2.0.0.
    KnownTexts {
        kind: "modulebuild",
        texts: &["269adb72c968af136fc0d137d96c1ae8cf091c560cda988030403a40b9fc97c8"],
    },
    // buildstream-plugins-community 2.0.0, 2.4.0.
    KnownTexts {
        kind: "ostree",
        texts: &[
            "519d91c5a9ec85e1273b5c9a0b40adadaf5a1924414b4d05f56c2b8cfa5f22d0",
            "266eead54e8ff794e872a7a6995857e01766c102954b141ee4ac28f5459ba9a8",
        ],
    },
    // buildstream-plugins-community 2.2.0, 2.3.2, 2.4.0.
    KnownTexts {
        kind: "pyproject",
        texts: &[
            "7b91ebc3d5bfaac51ec06611a907e24c0dd05a36049ed95e46f6b8c2227397da",
            "21cfcb7a1d247b4b385b53e3f6d87c1033d521bac130915ea1cf507ade0cb869",
            "63b3e524d338234af971fec261a5864b6bd252a4285051e425651c71b3f13763",
        ],
    },
    // buildstream-plugins-community 2.0.0, 2.4.0.
    KnownTexts {
        kind: "qmake",
        texts: &[
            "cf4017983490df65345b9debc0f038f5478f9da7a9cbb8a9a2cfaac5b9a14825",
            "1ac5e3adae11f4821128a8d5c3361a3ad47923b4b70056bdb0d109751994ed89",
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::embedded;

    #[test]
    fn every_text_is_of_one_kind_that_is_here() {
        let mut seen = HashSet::new();
        for KnownTexts { kind, texts } in &TEXTS {
            assert!(embedded::kind(kind).or_else(|| embedded::project_kind(kind)).is_some(), "{kind}");
            for text in *texts {
                let is_sha256 = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(is_sha256 && seen.insert(*text), "{kind}: {text}");
            }
        }
    }
}
